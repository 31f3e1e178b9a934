//! Taking a car offline, scheduling its maintenance, deleting it.

use acceptance::{TestApp, on_every_deployment};
use reqwest::Method;
use serde_json::{Value, json};

on_every_deployment!(
    a_car_is_offline_for_a_period,
    periods_begin_in_the_future_and_end_later,
    maintenance_needs_a_day_of_notice,
    periods_of_a_car_never_intersect,
    dates_are_read_in_every_form,
    what_is_unknown_cannot_be_changed,
    only_its_owner_deletes_a_car,
    a_deleted_car_is_gone_for_good,
);

async fn a_car_is_offline_for_a_period(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    for (method, from) in [(Method::PUT, 1), (Method::PATCH, 3)] {
        let slot = app.slot(from, from + 1);
        let path = format!("/cars/{id}/offline");
        let answer = app.request(method, &path).by(&owner).json(&slot).send().await.expect(202);
        assert_eq!(answer.json()["car"]["id"], id.as_str());
    }
    let maintained = format!("/cars/{id}/maintain");
    for (method, from) in [(Method::PUT, 25), (Method::PATCH, 27)] {
        let slot = app.slot(from, from + 1);
        let request = app.request(method, &maintained).by(&owner).json(&slot);
        assert_eq!(
            request.send().await.expect(202).header("etag"),
            format!("\"{}\"", (from - 25) / 2 + 7)
        );
    }
    let found = app.unavailabilities(&owner, &id).await;
    let reasons: Vec<_> = found.iter().map(|one| one["causedByReason"].as_str().unwrap()).collect();
    assert_eq!(reasons.iter().filter(|reason| **reason == "Offline").count(), 2, "{found:?}");
    assert_eq!(reasons.iter().filter(|reason| **reason == "Maintenance").count(), 2, "{found:?}");
    for one in &found {
        assert!(one["id"].as_str().unwrap().starts_with("unavail_"), "{one}");
        assert_eq!(one["carId"], id.as_str());
        assert_eq!(one["causedByReference"], Value::Null);
    }
}

async fn periods_begin_in_the_future_and_end_later(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    for action in ["offline", "maintain"] {
        let path = format!("/cars/{id}/{action}");
        for (slot, rules) in [
            (json!({}), vec!["NotEmptyValidator", "NotEmptyValidator"]),
            (json!({"fromUtc": app.hours(30)}), vec!["NotEmptyValidator"]),
            (json!({"fromUtc": "soon", "toUtc": app.hours(30)}), vec!["NotEmptyValidator"]),
            (app.slot(-1, 30), vec!["GreaterThanValidator"]),
            (app.slot(0, 30), vec!["GreaterThanValidator"]),
            (app.slot(30, 30), vec!["GreaterThanValidator"]),
            (app.slot(30, 29), vec!["GreaterThanValidator"]),
        ] {
            let answer = app.put(&path).by(&owner).json(&slot).send().await;
            assert_eq!(answer.failed_rules(), rules, "{action} {slot}");
        }
    }
    assert_eq!(app.unavailabilities(&owner, &id).await.len(), 0);
}

async fn maintenance_needs_a_day_of_notice(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let path = format!("/cars/{id}/maintain");
    let problem = app.put(&path).by(&owner).json(&app.slot(24, 30)).send().await.problem(400);
    assert_eq!(problem["code"], "car_notice_too_short");
    let _ = app.put(&path).by(&owner).json(&app.slot(25, 30)).send().await.expect(202);
}

/// Any shared instant counts, whatever the cause; touching ends share none.
async fn periods_of_a_car_never_intersect(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    app.take_offline(&owner, &id, 30, 40).await;
    for (from, to) in [(30, 40), (29, 31), (39, 41), (32, 35), (29, 41), (30, 31), (39, 40)] {
        for action in ["offline", "maintain"] {
            let path = format!("/cars/{id}/{action}");
            let answer = app.put(&path).by(&owner).json(&app.slot(from, to)).send().await;
            assert_eq!(answer.problem(400)["code"], "car_not_available", "{action} {from}-{to}");
        }
    }
    app.take_offline(&owner, &id, 28, 30).await;
    app.take_offline(&owner, &id, 40, 41).await;
    let another = app.register_car(&owner).await;
    app.take_offline(&owner, &another, 30, 40).await;
    assert_eq!(app.unavailabilities(&owner, &id).await.len(), 3);
}

async fn dates_are_read_in_every_form(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let path = format!("/cars/{id}/offline");
    for slot in [
        json!({"fromUtc": "2040-01-01T00:00:00Z", "toUtc": "2040-01-01T01:00:00.1234567Z"}),
        json!({"fromUtc": "20400102T000000Z", "toUtc": "20400102T010000Z"}),
        json!({"fromUtc": "2040-01-03T02:00:00+02:00", "toUtc": "2040-01-03T03:00:00+02"}),
        json!({"fromUtc": 2_209_248_000_i64, "toUtc": 2_209_251_600_i64}),
    ] {
        let _ = app.put(&path).by(&owner).json(&slot).send().await.expect(202);
    }
    // The same instants again, in another form each: so they were understood.
    for day in 1..=4 {
        let slot = json!({
            "fromUtc": format!("2040-01-0{day}T00:30:00Z"),
            "toUtc": format!("2040-01-0{day}T00:45:00Z"),
        });
        let answer = app.put(&path).by(&owner).json(&slot).send().await;
        assert_eq!(answer.problem(400)["code"], "car_not_available");
    }
}

async fn what_is_unknown_cannot_be_changed(app: &TestApp) {
    let owner = app.owner();
    let unknown = "/cars/car_0123456789abcdef";
    for action in ["offline", "maintain"] {
        let path = format!("{unknown}/{action}");
        let _ = app.put(&path).by(&owner).json(&app.slot(30, 31)).send().await.problem(404);
    }
    let _ = app.delete(unknown).by(&owner).send().await.problem(404);
    let _ = app.get(unknown).by(&owner).send().await.problem(404);
    for bad in ["car", "car_", "car_short", "bus_0123456789abcdef", "car_0123456789-bcdef", "%20"] {
        let path = format!("/cars/{bad}");
        let rules = app.get(&path).by(&owner).send().await.failed_rules();
        assert_eq!(rules.len(), 1, "{bad}");
        assert_eq!(app.delete(&path).by(&owner).send().await.failed_rules(), rules, "{bad}");
        let path = format!("{path}/offline");
        let answer = app.put(&path).by(&owner).json(&app.slot(30, 31)).send().await;
        assert_eq!(answer.failed_rules(), rules, "{bad}");
    }
    assert_eq!(app.head().await, 0);
}

async fn only_its_owner_deletes_a_car(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let colleague = app.colleague(&owner);
    let path = format!("/cars/{id}");
    let problem = app.delete(&path).by(&colleague).send().await.problem(400);
    assert_eq!(problem["code"], "car_not_owner");
    let _ = app.get(&path).by(&colleague).send().await.expect(200);
    let answer = app.delete(&path).by(&owner).send().await.expect(204);
    assert!(answer.body.is_empty());
}

async fn a_deleted_car_is_gone_for_good(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    app.take_offline(&owner, &id, 30, 40).await;
    let path = format!("/cars/{id}");
    let _ = app.delete(&path).by(&owner).send().await.expect(204);
    let problem = app.get(&path).by(&owner).send().await.problem(405);
    assert_eq!(problem["code"], "deleted");
    let _ = app.delete(&path).by(&owner).send().await.problem(405);
    let slot = app.slot(50, 51);
    let _ = app.put(&format!("{path}/maintain")).by(&owner).json(&slot).send().await.problem(405);
    // The one operation that does not tell a deleted car from an unknown one.
    let _ = app.put(&format!("{path}/offline")).by(&owner).json(&slot).send().await.problem(404);
    assert_eq!(app.unavailabilities(&owner, &id).await.len(), 0);
    assert_eq!(app.cars(&owner, "").await.len(), 0);
}
