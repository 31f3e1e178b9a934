//! What only testing builds can do to a deployment.

use acceptance::{TestApp, on_every_deployment_and_a_broker};
use serde_json::json;

on_every_deployment_and_a_broker!(
    destroying_empties_everything_and_positions_go_on,
    destroying_unlocks_addresses_that_nobody_has,
    the_clock_moves_and_goes_back,
    draining_waits_until_all_is_quiet,
);

async fn destroying_empties_everything_and_positions_go_on(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let head = app.head().await;
    let answer = app.post("/testingonly/repositories/destroy").send().await.expect(200);
    assert_eq!(answer.text(), "{}");
    assert!(app.head().await > head, "positions never restart");
    let _ = app.get(&format!("/cars/{id}")).by(&owner).send().await.problem(404);
    assert_eq!(app.cars(&owner, "").await.len(), 0);
    let another = app.register_car(&owner).await;
    assert_eq!(app.cars(&owner, "").await[0]["id"], another.as_str());
    // Twice in a row, as suites do.
    for _ in 0..2 {
        let _ = app.post("/testingonly/repositories/destroy").send().await.expect(200);
        assert_eq!(app.cars(&owner, "").await.len(), 0);
    }
}

async fn destroying_unlocks_addresses_that_nobody_has(app: &TestApp) {
    let body = json!({ "username": "nobody@company.com", "password": "9Password!" });
    let tried = async || app.post("/credentials/auth").json(&body).send().await;
    for _ in 0..5 {
        let _ = tried().await.problem(401);
    }
    let _ = tried().await.problem(423);
    let _ = app.post("/testingonly/repositories/destroy").send().await.expect(200);
    let _ = tried().await.problem(401);
}

async fn the_clock_moves_and_goes_back(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let forward = json!({ "advanceSeconds": 7200 });
    let _ = app.put("/testingonly/clock").json(&forward).send().await.expect(202);
    // The token was good for an hour.
    let _ = app.get("/cars").by(&owner).send().await.problem(401);
    let _ = app.delete("/testingonly/clock").send().await.expect(204);
    let _ = app.get(&format!("/cars/{id}")).by(&owner).send().await.expect(200);
    for seconds in [json!(0), json!(-5), json!(1_000_000_000_000_i64), json!(null)] {
        let body = json!({ "advanceSeconds": seconds });
        let _ = app.put("/testingonly/clock").json(&body).send().await.problem(400);
    }
}

async fn draining_waits_until_all_is_quiet(app: &TestApp) {
    let owner = app.owner();
    let listener = match app.broker() {
        Some(broker) => Some((broker, broker.listen().await)),
        None => None,
    };
    for _ in 0..20 {
        let request = app.post("/cars").by(&owner).header("prefer", "respond-async");
        let _ = request.json(&crate::honda()).send().await.expect(201);
    }
    let drain = app.post("/event_notifications/drain");
    let drain = drain.header("x-hmac-signature", &app.hmac.sign(b"{}"));
    let answer = drain.body("application/json", "{}").send().await.expect(200);
    assert_eq!(answer.text(), "{}");
    if let Some((broker, queue)) = listener {
        let relays: Vec<(i64,)> = app.log().try_all("SELECT position FROM relays").await.unwrap();
        assert_eq!(relays, [(i64::try_from(app.head().await).unwrap(),)]);
        let published = broker.read(&queue).await;
        let created = published.iter().filter(|line| line.starts_with("cars.created.")).count();
        assert!(created >= 20, "a relay may repeat, but leaves nothing out: {published:#?}");
    }
    assert_eq!(app.cars(&owner, "").await.len(), 20);
}
