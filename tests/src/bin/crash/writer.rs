//! A client that changes cars and remembers what it was told.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use acceptance::Request;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::random::Random;

/// An outage longer than this is a failure of the test.
const PATIENCE: Duration = Duration::from_mins(1);
/// Living cars per writer; beyond, old ones are changed instead of adding more.
const MOST_CARS: usize = 20;

/// What a writer was told of a car.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// How often it was taken offline.
    pub offline: u64,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// One client. Its cars are its own, so it knows exactly what they must be.
#[derive(Debug)]
pub struct Writer {
    client: Client,
    url: String,
    token: String,
    name: String,
    requests: u64,
    random: Random,
    /// Every car that it ever registered, with what it was told of it.
    pub cars: BTreeMap<String, Known>,
    /// Changes that were acknowledged.
    pub acknowledged: u64,
    /// Changes that were acknowledged only when they were repeated.
    pub repeated: u64,
}

impl Writer {
    /// A client of a host.
    pub fn new(client: Client, url: String, token: String, number: u64, seed: u64) -> Self {
        Self {
            client,
            url,
            token,
            name: format!("writer-{number}"),
            requests: 0,
            random: Random::new(seed ^ number.wrapping_mul(0x0100_0001)),
            cars: BTreeMap::new(),
            acknowledged: 0,
            repeated: 0,
        }
    }

    /// What it proves itself with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Changes cars until told to stop; then every change it began was acknowledged.
    ///
    /// # Errors
    /// If the host refuses a change that is allowed, or stays away too long.
    pub async fn work(&mut self, stop: &AtomicBool) -> Result<(), String> {
        while !stop.load(Ordering::Relaxed) {
            let living: Vec<&String> =
                self.cars.iter().filter(|(_, known)| !known.deleted).map(|(id, _)| id).collect();
            let dice = self.random.between(0, 10);
            if living.is_empty() || (dice < 4 && living.len() < MOST_CARS) {
                self.register().await?;
                continue;
            }
            let pick = self.random.between(0, living.len() as u64);
            let id = usize::try_from(pick).ok().and_then(|pick| living.get(pick)).copied();
            let id = id.cloned().ok_or("no car to pick")?;
            if dice == 9 { self.delete(&id).await? } else { self.take_offline(&id).await? }
        }
        Ok(())
    }

    async fn register(&mut self) -> Result<(), String> {
        let body = json!({
            "make": "Honda", "model": "Civic", "year": 2020,
            "jurisdiction": "New Zealand", "numberPlate": "CRASH 1",
        });
        let answer = self.insist(Method::POST, "/cars", &body).await?;
        let id = answer["car"]["id"].as_str().ok_or("a car was registered without an id")?;
        match self.cars.insert(id.to_owned(), Known::default()) {
            None => Ok(()),
            Some(_) => Err(format!("{id} was given to two cars")),
        }
    }

    async fn take_offline(&mut self, id: &str) -> Result<(), String> {
        let number = self.cars.get(id).map_or(0, |known| known.offline);
        let hour = |number: u64| format!("{}-01-01T{:02}:00:00Z", 2100 + number / 22, number % 22);
        let body =
            json!({ "fromUtc": hour(number), "toUtc": hour(number).replace(":00:00", ":59:00") });
        self.insist(Method::PUT, &format!("/cars/{id}/offline"), &body).await?;
        self.known(id)?.offline += 1;
        Ok(())
    }

    async fn delete(&mut self, id: &str) -> Result<(), String> {
        self.insist(Method::DELETE, &format!("/cars/{id}"), &json!({})).await?;
        self.known(id)?.deleted = true;
        Ok(())
    }

    fn known(&mut self, id: &str) -> Result<&mut Known, String> {
        self.cars.get_mut(id).ok_or_else(|| format!("{id} was never registered"))
    }

    /// Repeats a request under one key until its outcome is known.
    async fn insist(&mut self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        self.requests += 1;
        let key = format!("{}-{}", self.name, self.requests);
        let url = format!("{}{path}", self.url);
        let begun = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let request = Request::new(&self.client, method.clone(), &url)
                .bearer(&self.token)
                .header("idempotency-key", &key)
                .json(body);
            match request.try_send().await {
                Ok(answer) if answer.status.is_success() => {
                    self.acknowledged += 1;
                    self.repeated += u64::from(attempts > 1);
                    let empty = answer.body.is_empty();
                    return Ok(if empty { Value::Null } else { answer.json() });
                }
                Ok(answer) if answer.status.as_u16() != 503 => {
                    return Err(format!("{answer} at attempt {attempts}"));
                }
                Ok(_) | Err(_) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Ok(answer) => return Err(format!("{answer}, still after a minute")),
                Err(error) => return Err(format!("{method} {url}: {error}, after a minute")),
            }
        }
    }
}
