//! Registering a car.

use acceptance::{TestApp, on_every_deployment};
use serde_json::{Value, json};

use crate::honda;

on_every_deployment!(
    a_registered_car_can_be_read_at_once,
    every_missing_field_is_reported,
    the_books_know_some_cars_only,
    the_year_is_bounded,
    plates_need_not_be_unique,
    a_single_field_may_come_from_the_query,
);

async fn a_registered_car_can_be_read_at_once(app: &TestApp) {
    let owner = app.owner();
    let answer = app.post("/cars").by(&owner).json(&honda()).send().await.expect(201);
    let car = answer.json()["car"].clone();
    let id = car["id"].as_str().unwrap();
    assert!(id.starts_with("car_"));
    assert_eq!(answer.header("location"), format!("/cars/{id}"));
    assert_eq!(answer.header("etag"), "\"4\"");
    let expected = json!({
        "id": id,
        "manufacturer": {"make": "Honda", "model": "Civic", "year": 2020},
        "plate": {"jurisdiction": "New Zealand", "number": "ABC 123"},
        "owner": {"id": owner.user.as_str()},
        "managers": [{"id": owner.user.as_str()}],
        "status": "Registered",
    });
    assert_eq!(car, expected);
    let read = app.get(answer.header("location")).by(&owner).send().await.expect(200);
    assert_eq!(read.json(), json!({ "car": expected }));
    assert_eq!(read.header("etag"), "\"4\"");
}

async fn every_missing_field_is_reported(app: &TestApp) {
    let owner = app.owner();
    let rules = app.post("/cars").by(&owner).json(&json!({})).send().await.failed_rules();
    let empty = "NotEmptyValidator";
    assert_eq!(rules, [empty, empty, "InclusiveBetweenValidator", empty, empty]);
    // No body at all is the same as an empty one.
    let rules = app.post("/cars").by(&owner).send().await.failed_rules();
    assert_eq!(rules.len(), 5);
    let malformed = json!({
        "make": "!", "model": "x", "year": 1899, "jurisdiction": "*", "numberPlate": "a-b",
    });
    let rules = app.post("/cars").by(&owner).json(&malformed).send().await.failed_rules();
    let form = "RegularExpressionValidator";
    assert_eq!(rules, [form, form, "InclusiveBetweenValidator", form, form]);
    assert_eq!(app.head().await, 0, "a refused command changes nothing");
}

async fn the_books_know_some_cars_only(app: &TestApp) {
    let owner = app.owner();
    for (member, value, code) in [
        ("make", "Lada", "car_unknown_make"),
        ("model", "Niva", "car_unknown_model"),
        ("jurisdiction", "Atlantis", "car_unknown_jurisdiction"),
    ] {
        let mut car = honda();
        car[member] = Value::from(value);
        let problem = app.post("/cars").by(&owner).json(&car).send().await.problem(400);
        assert_eq!(problem["code"], code, "{problem}");
    }
    assert_eq!(app.head().await, 0);
}

async fn the_year_is_bounded(app: &TestApp) {
    let owner = app.owner();
    let this_year = app.now().get().year();
    for (year, status) in
        [(1916, 400), (1917, 201), (this_year + 1, 201), (this_year + 2, 400), (1899, 400)]
    {
        let mut car = honda();
        car["year"] = Value::from(year);
        let answer = app.post("/cars").by(&owner).json(&car).send().await;
        assert_eq!(answer.status, status, "{year}: {answer}");
    }
}

async fn plates_need_not_be_unique(app: &TestApp) {
    let owner = app.owner();
    let (first, second) = (app.register_car(&owner).await, app.register_car(&owner).await);
    assert_ne!(first, second);
}

/// Body, then query, then path: the later one wins.
async fn a_single_field_may_come_from_the_query(app: &TestApp) {
    let owner = app.owner();
    let path = "/cars?MODEL=Surf&make=Toyota";
    let answer = app.post(path).by(&owner).json(&honda()).send().await.expect(201);
    let manufacturer = answer.json()["car"]["manufacturer"].clone();
    assert_eq!(manufacturer, json!({"make": "Toyota", "model": "Surf", "year": 2020}));
}
