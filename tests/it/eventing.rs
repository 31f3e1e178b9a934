//! Domain events for others: reading them, and delivering them by message.

use acceptance::{
    Person, TestApp, on_every_deployment_and_a_broker,
    registrations::{ann, register},
};
use serde_json::{Value, json};

on_every_deployment_and_a_broker!(
    outsiders_read_what_happened_page_by_page,
    an_event_is_delivered_to_a_subscription,
    a_reaction_has_handled_what_is_delivered,
    what_the_log_does_not_say_is_refused,
    what_can_be_asked_is_bounded,
);

/// Asks as queues and bus do.
async fn read(app: &TestApp, query: &str) -> Value {
    let request = app.get(&format!("/domain_events{query}"));
    request.header("X-HMAC-Signature", &app.hmac.sign(b"{}")).send().await.expect(200).json()
}

async fn deliver(app: &TestApp, body: &Value) -> acceptance::Answer {
    let text = body.to_string();
    let signature = app.hmac.sign(text.as_bytes());
    let request = app.post("/event_notifications").header("X-HMAC-Signature", &signature);
    request.body("application/json", text).send().await
}

async fn first_message(app: &TestApp, owner: &Person) -> Value {
    app.register_car(owner).await;
    read(app, "").await["events"][0]["message"].clone()
}

async fn outsiders_read_what_happened_page_by_page(app: &TestApp) {
    let owner = app.owner();
    let car = app.register_car(&owner).await;
    app.take_offline(&owner, &car, 24, 48).await;
    let all = read(app, "").await;
    let events = all["events"].as_array().unwrap();
    let head = app.head().await;
    assert_eq!((all["head"].as_u64(), all["through"].as_u64()), (Some(head), Some(head)));
    let positions: Vec<_> = events.iter().filter_map(|event| event["position"].as_u64()).collect();
    assert_eq!(positions, (1..=head).collect::<Vec<_>>());
    let first = &events[0]["message"];
    assert_eq!(first["tenantId"], owner.organization.as_str());
    assert_eq!(first["callerId"], owner.user.as_str());
    assert_eq!(first["event"]["metadata"]["fqn"], "cars.created.v1");
    assert_eq!(first["event"]["streamName"], format!("Car_{car}"));
    assert!(first["event"]["id"].as_str().is_some_and(|id| id.starts_with("event_")));

    let page = read(app, "?after=1&limit=2").await;
    assert_eq!(page["events"].as_array().map(Vec::len), Some(2));
    assert_eq!((page["through"].as_u64(), page["head"].as_u64()), (Some(3), Some(head)));
    let end = read(app, &format!("?after={head}")).await;
    assert_eq!(
        (end["events"].as_array().map(Vec::len), end["through"].as_u64()),
        (Some(0), Some(head))
    );
}

async fn an_event_is_delivered_to_a_subscription(app: &TestApp) {
    let message = first_message(app, &app.owner()).await;
    let mut body =
        json!({ "message": message.to_string(), "subscriptionName": "apihost1-ENDUSERS" });
    for _ in 0..2 {
        assert_eq!(deliver(app, &body).await.expect(200).json(), json!({ "isSent": true }));
    }
    let found = app.get("/event_notifications?limit=1").send().await.expect(200).json();
    let notification = &found["notifications"][0];
    assert_eq!(notification["id"], message["event"]["id"]);
    assert_eq!(notification["data"], message["event"]["data"]);
    assert_eq!(notification["metadataFullyQualifiedName"], "cars.created.v1");
    assert_eq!(notification["subscriberRef"], "apihost1-ENDUSERS");
    assert_eq!(
        (notification["version"].as_u64(), &found["metadata"]["limit"]),
        (Some(1), &json!(1))
    );
    assert_eq!(found["metadata"]["total"], 1, "nothing else was delivered");
    let _ = app.post_signed("/event_notifications/drain", &json!({})).await.expect(200);
    let found = app.get("/event_notifications").send().await.expect(200).json();
    assert_eq!(found["metadata"]["total"], app.head().await);
    assert_eq!(found["notifications"][0]["subscriberRef"], "apihost1-ENDUSERS");
    assert_eq!(found["notifications"][1]["subscriberRef"], "ApiHost1-UserProfiles");

    body["subscriptionName"] = "ApiHost1-Nobody".into();
    assert_eq!(deliver(app, &body).await.problem(404)["code"], "unknown_subscription");
}

async fn a_reaction_has_handled_what_is_delivered(app: &TestApp) {
    let _ = register(app.ports(), ann("ann@company.com")).await;
    let all = read(app, "").await;
    let messages = all["events"].as_array().unwrap().iter().map(|event| &event["message"]);
    let registered = |message: &&Value| message["event"]["eventType"] == "registered";
    let message = messages.into_iter().find(registered).unwrap().to_string();
    let body = json!({ "message": message, "subscriptionName": "ApiHost1-Organizations" });
    assert_eq!(deliver(app, &body).await.expect(200).json(), json!({ "isSent": true }));
    let rows = app.log().rows().await;
    assert!(rows.iter().any(|row| row.aggregate_type == "organization"), "{rows:?}");
}

async fn what_the_log_does_not_say_is_refused(app: &TestApp) {
    let message = first_message(app, &app.owner()).await;
    let head = app.head().await;
    let forged = |change: fn(&mut Value)| {
        let mut message = message.clone();
        change(&mut message);
        json!({ "message": message.to_string(), "subscriptionName": "ApiHost1-EndUsers" })
    };
    for body in [
        forged(|message| message["event"]["data"] = "{}".into()),
        forged(|message| message["event"]["version"] = 99.into()),
        forged(|message| message["event"]["version"] = json!(u64::MAX)),
        forged(|message| message["event"]["streamName"] = "Car_car_bbbbbbbbbbbbbbbbbbbbbb".into()),
        forged(|message| message["messageId"] = "domain_events_00".into()),
        forged(|message| message["callId"] = "another".into()),
        forged(|message| message["callerId"] = "user_bbbbbbbbbbbbbbbbbbbbbb".into()),
        forged(|message| message["tenantId"] = "org_bbbbbbbbbbbbbbbbbbbbbb".into()),
        forged(|message| message["event"]["id"] = "event_bbbbbbbbbbbbbbbbbbbbbb".into()),
        forged(|message| message["event"]["lastPersistedAtUtc"] = "2026-01-01T00:00:00Z".into()),
        forged(|message| *message = json!([])),
    ] {
        assert_eq!(deliver(app, &body).await.problem(400)["code"], "invalid_message", "{body}");
    }
    let nothing = json!({ "message": "no JSON", "subscriptionName": "ApiHost1-EndUsers" });
    let problem = deliver(app, &nothing).await.problem(400);
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("The queued message was not valid JSON for its type"), "{detail}");
    let missing = deliver(app, &json!({})).await.problem(400);
    assert_eq!(missing["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(missing["detail"], "The 'Message' is either missing or invalid");
    let unsigned = app.post("/event_notifications").json(&forged(|_| {})).send().await;
    let _ = unsigned.problem(401);
    assert_eq!(app.head().await, head, "nothing was changed");
    let _ = app.post_signed("/audits/drain", &json!({})).await.expect(200);
    let audits = app.audits("").await;
    let code = "EventNotification.Failed.InvalidMessage";
    let refused = audits.iter().filter(|audit| audit["auditCode"] == code).count();
    assert_eq!(refused, 12, "{audits:?}");
}

async fn what_can_be_asked_is_bounded(app: &TestApp) {
    let signature = app.hmac.sign(b"{}");
    for query in ["?limit=0", "?limit=1001", "?after=-1", "?after=x", "?after=9223372036854775808"]
    {
        let request = app.get(&format!("/domain_events{query}"));
        let _ = request.header("X-HMAC-Signature", &signature).send().await.problem(400);
    }
    let _ = app.get("/domain_events").send().await.problem(401);
    let beyond = read(app, "?after=9223372036854775807").await;
    assert_eq!(beyond["events"].as_array().map(Vec::len), Some(0));
}
