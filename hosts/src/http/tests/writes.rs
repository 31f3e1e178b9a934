//! Commands: versions, positions, repeats.

use std::sync::atomic::Ordering;

use application::cars::register::RegisterCar;
use application::ports::EventLog;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Running, car, cars, fakes::start, header, problem};
use crate::http::{
    route::{Route, post},
    settings::HttpSettings,
};

#[actix_web::test]
async fn registering_answers_the_car_and_where_it_is() {
    let api = cars();
    let (location, response) = api.register().await;
    assert_eq!(header(&response, "etag"), "\"4\"");
    assert_eq!(header(&response, "consistency-token"), "4");
    let registered: Value = response.json().await.unwrap();
    assert_eq!(location, format!("/cars/{}", registered["car"]["id"].as_str().unwrap()));
    let waits = api.seen.waits.lock().unwrap().clone();
    assert_eq!(waits, [(vec!["cars".to_owned()], 4)]);
    let read = api.as_owner(Method::GET, &location).send().await.unwrap();
    assert_eq!(header(&read, "etag"), "\"4\"");
    assert_eq!(read.json::<Value>().await.unwrap(), registered);
}

#[actix_web::test]
async fn statuses_follow_the_method() {
    let api = cars();
    let (location, _) = api.register().await;
    let slot = json!({"fromUtc": "2999-01-01T00:00:00Z", "toUtc": 32_500_000_000_i64});
    for (method, action) in [(Method::PUT, "maintain"), (Method::PATCH, "offline")] {
        let path = format!("{location}/{action}");
        let response = api.as_owner(method, &path).json(&slot).send().await.unwrap();
        let expected = if action == "maintain" { 202 } else { 400 };
        assert_eq!(response.status(), expected, "the second slot intersects the first");
    }
    let gone = api.as_owner(Method::DELETE, &location).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(gone.bytes().await.unwrap().len(), 0);
    problem(api.as_owner(Method::GET, &location), 405).await;
}

#[actix_web::test]
async fn a_caller_may_leave_out_the_wait() {
    let api = cars();
    let request = api.as_owner(Method::POST, "/cars").json(&car());
    let response = request.header("Prefer", "respond-async").send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "preference-applied"), "respond-async");
    assert!(api.seen.waits.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn late_read_models_delay_queries_that_need_them_only() {
    let api = cars();
    let (location, _) = api.register().await;
    api.seen.late.store(true, Ordering::SeqCst);
    assert_eq!(api.as_owner(Method::GET, &location).send().await.unwrap().status(), 200);
    let (_, written) = api.register().await;
    let token = header(&written, "consistency-token");
    let get = |token: &str| api.as_owner(Method::GET, &location).header("Consistency-Token", token);
    assert_eq!(problem(get(&token), 503).await["code"], "unavailable");
    api.seen.late.store(false, Ordering::SeqCst);
    assert_eq!(get(&token).send().await.unwrap().status(), 200);
    for bad in ["x", "-1", "99999"] {
        assert_eq!(problem(get(bad), 400).await["code"], "invalid_consistency_token");
    }
}

#[actix_web::test]
async fn a_change_can_be_bound_to_a_version() {
    let api = cars();
    let (location, _) = api.register().await;
    let change = |tag: &str| {
        let path = format!("{location}/offline");
        let slot = json!({"fromUtc": "2999-01-01T00:00:00Z", "toUtc": "2999-01-02T00:00:00Z"});
        api.as_owner(Method::PUT, &path).header("If-Match", tag).json(&slot)
    };
    for tag in ["\"3\"", "W/\"4\"", "\"other\""] {
        assert_eq!(problem(change(tag), 412).await["code"], "version_mismatch");
    }
    assert_eq!(problem(change("4"), 400).await["code"], "invalid_if_match");
    let changed = change("\"4\"").send().await.unwrap();
    assert_eq!(changed.status(), 202);
    assert_eq!(header(&changed, "etag"), "\"5\"");
    problem(change("\"4\""), 412).await;
}

fn waits(api: &Running) -> Vec<(Vec<String>, u64)> {
    std::mem::take(&mut *api.seen.waits.lock().unwrap())
}

async fn keyed(api: &Running, key: &str, body: &Value) -> reqwest::Response {
    let request = api.as_owner(Method::POST, "/cars").header("Idempotency-Key", key);
    request.json(body).send().await.unwrap()
}

#[actix_web::test]
async fn the_same_key_is_answered_again_and_not_done_again() {
    let api = cars();
    let first = keyed(&api, "k1", &car()).await;
    let head = api.log.head().await.unwrap();
    let again = keyed(&api, "k1", &car()).await;
    assert_eq!(again.status(), 201);
    for name in ["location", "etag", "consistency-token", "content-type"] {
        assert_eq!(header(&again, name), header(&first, name), "{name}");
    }
    assert_eq!(again.text().await.unwrap(), first.text().await.unwrap());
    assert_eq!(api.log.head().await.unwrap(), head);
    let mut other = car();
    other["year"] = json!(2021);
    let refused = keyed(&api, "k1", &other).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(keyed(&api, "k2", &other).await.status(), 201);
    assert_eq!(keyed(&api, &"k".repeat(256), &car()).await.status(), 400);
}

#[actix_web::test]
async fn an_answer_that_was_lost_is_made_from_the_state() {
    let api = cars();
    let first = keyed(&api, "k1", &car()).await;
    let scope = "user_ownerowner|cars.register";
    api.log.keep_answer(scope, "k1", b"not sealed by us".to_vec()).await.unwrap();
    let again = keyed(&api, "k1", &car()).await;
    assert_eq!(again.status(), 201);
    assert_eq!(header(&again, "location"), header(&first, "location"));
    assert_eq!(again.text().await.unwrap(), first.text().await.unwrap());
}

/// Whoever repeats a command may be the one who never saw the first answer, and reads next.
#[actix_web::test]
async fn a_repeated_answer_waits_for_read_models_as_the_first_does() {
    let api = cars();
    let _ = keyed(&api, "k1", &car()).await;
    let first = waits(&api);
    assert_eq!(first, [(vec!["cars".to_owned()], 4)]);
    let _ = keyed(&api, "k2", &car()).await;
    let _ = waits(&api);
    let kept = keyed(&api, "k1", &car()).await;
    assert_eq!(header(&kept, "consistency-token"), "4");
    assert_eq!(waits(&api), first);

    let request = api.as_owner(Method::POST, "/cars").header("Idempotency-Key", "k1").json(&car());
    let hurried = request.header("Prefer", "respond-async").send().await.unwrap();
    assert_eq!(header(&hurried, "preference-applied"), "respond-async");
    assert_eq!(header(&hurried, "consistency-token"), "4");
    assert!(waits(&api).is_empty());

    api.log.keep_answer("user_ownerowner|cars.register", "k1", vec![]).await.unwrap();
    let made_anew = keyed(&api, "k1", &car()).await;
    assert_eq!(header(&made_anew, "consistency-token"), "4");
    assert_eq!(waits(&api), first);

    // Late read models hold a repeat up, but don't refuse it.
    api.seen.late.store(true, Ordering::SeqCst);
    assert_eq!(keyed(&api, "k1", &car()).await.status(), 201);
}

#[actix_web::test]
async fn each_request_is_recorded_once() {
    let api = cars();
    let (location, _) = api.register().await;
    api.as_owner(Method::GET, &location).send().await.unwrap();
    let usages = api.seen.usages.lock().unwrap().clone();
    let names: Vec<_> = usages.iter().map(|(event, _)| *event).collect();
    assert_eq!(names, ["http.request", "http.request"]);
    let get = &usages[1].1;
    assert_eq!(get["EndPoint"], "getcarrequest");
    assert_eq!(get["UserId"], "user_ownerowner");
    assert_eq!(get["Route"], "/cars/{id}");
    assert_eq!(get["Path"], location);
    assert_eq!(get["Status"], 200);
    assert_eq!(get["ResourceId"], location.trim_start_matches("/cars/"));
}

#[actix_web::test]
async fn an_answer_that_is_secret_is_not_kept() {
    const SECRET: &[Route] = &[post::<RegisterCar>("/secrets").secret()];
    let api = start(SECRET, HttpSettings::default());
    let post = || api.as_owner(Method::POST, "/secrets").json(&car());
    let refused = problem(post().header("Idempotency-Key", "k"), 400).await;
    assert_eq!(refused["code"], "idempotency_unsupported");
    assert_eq!(post().send().await.unwrap().status(), 200);
}
