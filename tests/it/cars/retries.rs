//! Versions, repeated requests and reading one's own writes.

use acceptance::{TestApp, on_every_deployment};
use serde_json::json;

use crate::honda;

on_every_deployment!(
    a_change_of_another_version_is_refused,
    a_repeated_request_is_done_once,
    an_answer_that_was_not_kept_is_made_anew,
    a_key_belongs_to_one_request,
    concurrent_twins_become_one,
    changes_at_the_same_time_are_all_kept,
    a_query_waits_for_what_its_caller_has_seen,
    a_command_may_answer_before_its_read_models,
);

async fn a_change_of_another_version_is_refused(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let path = format!("/cars/{id}/offline");
    let change = |from: i64, version: &'static str| {
        app.put(&path).by(&owner).header("if-match", version).json(&app.slot(from, from + 1)).send()
    };
    let answer = change(30, "\"4\"").await.expect(202);
    assert_eq!(answer.header("etag"), "\"5\"");
    let problem = change(32, "\"4\"").await.problem(412);
    assert_eq!(problem["code"], "version_mismatch");
    let _ = change(32, "\"9\"").await.problem(412);
    let _ = change(32, "nonsense").await.problem(400);
    let _ = change(32, "*").await.expect(202);
    let _ = change(34, "\"6\"").await.expect(202);
    let delete = app.delete(&format!("/cars/{id}")).by(&owner);
    let _ = delete.header("if-match", "\"6\"").send().await.problem(412);
    assert_eq!(app.unavailabilities(&owner, &id).await.len(), 3);
}

async fn a_repeated_request_is_done_once(app: &TestApp) {
    let owner = app.owner();
    let register = || app.post("/cars").by(&owner).header("idempotency-key", "k1").json(&honda());
    let first = register().send().await.expect(201);
    let again = register().send().await.expect(201);
    assert_eq!(first.json(), again.json());
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(app.head().await, 4);
    let id = first.json()["car"]["id"].as_str().unwrap().to_owned();
    // What a second execution would refuse is answered as the first time.
    let offline = || {
        let request = app.put(&format!("/cars/{id}/offline")).by(&owner);
        request.header("idempotency-key", "k2").json(&app.slot(30, 31))
    };
    let _ = offline().send().await.expect(202);
    let _ = offline().send().await.expect(202);
    let delete = || app.delete(&format!("/cars/{id}")).by(&owner).header("idempotency-key", "k3");
    let _ = delete().send().await.expect(204);
    let _ = delete().send().await.expect(204);
    assert_eq!(app.head().await, 6);
}

/// A host may be killed between the commit and keeping the answer.
async fn an_answer_that_was_not_kept_is_made_anew(app: &TestApp) {
    let owner = app.owner();
    let register = || app.post("/cars").by(&owner).header("idempotency-key", "k1").json(&honda());
    let first = register().send().await.expect(201);
    app.log().forget_answers().await;
    assert_eq!(register().send().await.expect(201).json(), first.json());
    let path = format!("/cars/{}", first.json()["car"]["id"].as_str().unwrap());
    let offline = || {
        let request = app.put(&format!("{path}/offline")).by(&owner);
        request.header("idempotency-key", "k2").json(&app.slot(30, 31))
    };
    let _ = offline().send().await.expect(202);
    app.log().forget_answers().await;
    let _ = offline().send().await.expect(202);
    let delete = || app.delete(&path).by(&owner).header("idempotency-key", "k3");
    let _ = delete().send().await.expect(204);
    app.log().forget_answers().await;
    let _ = delete().send().await.expect(204);
    assert_eq!(app.head().await, 6);
}

async fn a_key_belongs_to_one_request(app: &TestApp) {
    let owner = app.owner();
    let mut car = honda();
    let register = |car: &serde_json::Value| {
        app.post("/cars").by(&owner).header("idempotency-key", "same").json(car).send()
    };
    let _ = register(&car).await.expect(201);
    car["model"] = json!("Surf");
    let problem = register(&car).await.problem(422);
    assert_eq!(problem["code"], "idempotency_key_reused");
    // Another caller's keys are another caller's.
    let other = app.owner();
    let request = app.post("/cars").by(&other).header("idempotency-key", "same").json(&car);
    let _ = request.send().await.expect(201);
    assert_eq!(app.head().await, 8);
    let endless = "k".repeat(10_000);
    let request = app.post("/cars").by(&owner).header("idempotency-key", &endless).json(&car);
    let _ = request.send().await.problem(400);
}

async fn concurrent_twins_become_one(app: &TestApp) {
    let owner = app.owner();
    let twin =
        || app.post("/cars").by(&owner).header("idempotency-key", "twins").json(&honda()).send();
    let answers = tokio::join!(twin(), twin(), twin(), twin(), twin(), twin());
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
    let first = answers[0].json();
    for answer in answers {
        assert_eq!(answer.expect(201).json(), first);
    }
    assert_eq!(app.head().await, 4);
    assert_eq!(app.cars(&owner, "").await.len(), 1);
}

/// They collide on one stream; whoever loses decides again.
async fn changes_at_the_same_time_are_all_kept(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let path = format!("/cars/{id}/offline");
    let change = |from: i64| app.put(&path).by(&owner).json(&app.slot(from, from + 1)).send();
    let (a, b, c, d) = tokio::join!(change(30), change(32), change(34), change(36));
    for answer in [a, b, c, d] {
        let _ = answer.expect(202);
    }
    assert_eq!(app.unavailabilities(&owner, &id).await.len(), 4);
    // The same period: one wins, whoever it is.
    let (a, b, c, d) = tokio::join!(change(50), change(50), change(50), change(50));
    let won = [a, b, c, d].iter().filter(|answer| answer.status == 202).count();
    assert_eq!(won, 1);
}

async fn a_query_waits_for_what_its_caller_has_seen(app: &TestApp) {
    let owner = app.owner();
    let answer = app.post("/cars").by(&owner).json(&honda()).send().await.expect(201);
    assert_eq!(answer.header("consistency-token"), "4");
    let read = app.get("/cars").by(&owner).header("consistency-token", "4");
    assert_eq!(read.send().await.expect(200).json()["metadata"]["total"], 1);
    let later = app.get("/cars").by(&owner).header("consistency-token", "5").send().await;
    assert!(!later.header("retry-after").is_empty(), "{later}");
    let _ = later.problem(503);
    for nonsense in ["soon", "-1", "1000000", "99999999999999999999"] {
        let request = app.get("/cars").by(&owner).header("consistency-token", nonsense);
        let _ = request.send().await.problem(400);
    }
}

async fn a_command_may_answer_before_its_read_models(app: &TestApp) {
    let owner = app.owner();
    let request = app.post("/cars").by(&owner).header("prefer", "respond-async").json(&honda());
    let answer = request.send().await.expect(201);
    let token = answer.header("consistency-token").to_owned();
    let location = answer.header("location").to_owned();
    let read = app.get(&location).by(&owner).header("consistency-token", &token);
    assert_eq!(read.send().await.expect(200).json(), answer.json());
}
