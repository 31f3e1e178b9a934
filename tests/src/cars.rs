//! What people do with cars.

use serde_json::{Value, json};
use time::Duration;

use crate::{Person, TestApp};

impl TestApp {
    /// Registers a car; its id.
    pub async fn register_car(&self, by: &Person) -> String {
        let car = json!({
            "make": "Honda", "model": "Civic", "year": 2020,
            "jurisdiction": "New Zealand", "numberPlate": "ABC 123",
        });
        let answer = self.post("/cars").by(by).json(&car).send().await.expect(201).json();
        answer["car"]["id"].as_str().expect("the car has an id").to_owned()
    }

    /// Takes a car offline, from and to so many hours from now.
    pub async fn take_offline(&self, by: &Person, id: &str, from: i64, to: i64) {
        let path = format!("/cars/{id}/offline");
        let _ = self.put(&path).by(by).json(&self.slot(from, to)).send().await.expect(202);
    }

    /// Lists cars; `which` is empty or `/available`.
    pub async fn cars(&self, by: &Person, which: &str) -> Vec<Value> {
        let answer = self.get(&format!("/cars{which}")).by(by).send().await.expect(200).json();
        answer["cars"].as_array().expect("a list").clone()
    }

    /// Lists when a car is not available.
    pub async fn unavailabilities(&self, by: &Person, id: &str) -> Vec<Value> {
        let path = format!("/cars/{id}/unavailabilities");
        let answer = self.get(&path).by(by).send().await.expect(200).json();
        answer["unavailabilities"].as_array().expect("a list").clone()
    }

    /// A point in time, so many hours from now, as the wire has it.
    #[must_use]
    pub fn hours(&self, hours: i64) -> String {
        self.now().plus(Duration::hours(hours)).to_string()
    }

    /// The body that names a period, in hours from now.
    #[must_use]
    pub fn slot(&self, from: i64, to: i64) -> Value {
        json!({ "fromUtc": self.hours(from), "toUtc": self.hours(to) })
    }
}
