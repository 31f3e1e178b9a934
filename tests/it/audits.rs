//! Audits, from what is audited to what operators see.

use acceptance::{TestApp, on_every_deployment_and_a_broker};
use application::ports::WorkQueue;
use serde_json::{Value, json};
use time::Duration;

on_every_deployment_and_a_broker!(
    a_bad_signature_is_audited,
    a_flood_of_bad_signatures_is_counted,
    delivered_twice_is_kept_once,
    messages_are_read_as_they_are_meant,
    malformed_messages_are_refused,
    what_can_not_be_delivered_is_set_aside,
    what_was_taken_and_not_finished_comes_again,
    what_a_broker_loses_is_delivered,
    operators_find_what_they_ask_for,
    a_search_is_judged_before_it_is_answered,
);

const REFUSED: &str = "HMACAuthentication.Failed.InvalidSignature";
const DELIVER: &str = "/audits/deliver";

async fn drain(app: &TestApp) {
    assert_eq!(app.post_signed("/audits/drain", &json!({})).await.expect(200).text(), "{}");
}

async fn forge(app: &TestApp) {
    let request = app.post(DELIVER).header("X-HMAC-Signature", "sha256=no");
    let _ = request.body("application/json", "{}").send().await.problem(401);
}

fn codes(audits: &[Value]) -> Vec<&str> {
    audits.iter().map(|audit| audit["auditCode"].as_str().unwrap()).collect()
}

async fn a_bad_signature_is_audited(app: &TestApp) {
    let head = app.head().await;
    forge(app).await;
    assert_eq!(app.head().await, head, "work alone moves no position");
    assert_eq!(app.audits("").await.len(), 0, "it waits");
    drain(app).await;
    let audits = app.audits("").await;
    assert_eq!(codes(&audits), [REFUSED]);
    assert_eq!(audits[0]["againstId"], "xxx_anonymous0000000000000");
    assert_eq!(audits[0]["templateArguments"], json!(["1"]));
    assert_eq!(audits[0]["created"], "2026-06-15T12:00:00Z");
    assert!(audits[0].get("organizationId").is_none());
    drain(app).await;
    assert_eq!(app.audits("").await.len(), 1);
}

async fn a_flood_of_bad_signatures_is_counted(app: &TestApp) {
    for _ in 0..60 {
        forge(app).await;
    }
    let (waiting, _) = app.standing(WorkQueue::Audits).await;
    // A slow run of the test may earn one or two more.
    assert!((20..25).contains(&waiting), "{waiting}");
}

async fn delivered_twice_is_kept_once(app: &TestApp) {
    let message = json!({
        "MessageId": "audits_0123456789abcdef0123456789abcdef", "AuditCode": "a.code",
    });
    for _ in 0..2 {
        let answer = app.deliver(DELIVER, &message.to_string()).await.expect(200);
        assert_eq!(answer.json(), json!({ "isSent": true }));
    }
    let text = message.to_string();
    let (left, right) = tokio::join!(app.deliver(DELIVER, &text), app.deliver(DELIVER, &text));
    let _ = (left.expect(200), right.expect(200));
    assert_eq!(codes(&app.audits("").await), ["a.code"]);
    // What has no id that tells it from others is another one each time.
    for id in [json!(null), json!("not an id")] {
        let message = json!({ "MessageId": id, "AuditCode": "another.code" });
        let _ = app.deliver(DELIVER, &message.to_string()).await.expect(200);
    }
    assert_eq!(codes(&app.audits("").await), ["a.code", "another.code", "another.code"]);
}

async fn messages_are_read_as_they_are_meant(app: &TestApp) {
    let organization = app.organization();
    let full = json!({
        "messageid": "audits_0123456789abcdef0123456789abcdef",
        "CALLID": "acall",
        "tenantId": organization,
        "auditCode": "a.code",
        "AGAINSTID": "user_aaaaaaaaaaaa",
        "MessageTemplate": "{0} did {1}",
        "arguments": ["ann", "ünï"],
        "Unknown": { "x": 1 },
    });
    let _ = app.deliver(DELIVER, &full.to_string()).await.expect(200);
    let _ = app.deliver(DELIVER, r#"{"AuditCode":"bare.code"}"#).await.expect(200);
    let audits = app.audits("").await;
    let (full, bare) = (&audits[0], &audits[1]);
    assert!(full["id"].as_str().unwrap().starts_with("audit_"));
    assert_eq!(full["organizationId"], organization.as_str());
    assert_eq!(full["againstId"], "user_aaaaaaaaaaaa");
    assert_eq!(full["messageTemplate"], "{0} did {1}");
    assert_eq!(full["templateArguments"], json!(["ann", "ünï"]));
    let known = ["auditCode", "created", "id", "messageTemplate", "templateArguments"];
    let mut members: Vec<&String> = bare.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, known);
    assert_eq!((&bare["messageTemplate"], &bare["templateArguments"]), (&json!(""), &json!([])));
    let request = app.get("/audits").by(&app.operator()).header("Accept", "application/xml");
    let xml = request.send().await.expect(200).text();
    assert!(xml.contains("<SearchAllAuditsResponse"), "{xml}");
    assert!(xml.contains("<AuditCode>a.code</AuditCode>"), "{xml}");
}

async fn malformed_messages_are_refused(app: &TestApp) {
    for body in [json!({}), json!({ "message": "" })] {
        let answer = app.post_signed(DELIVER, &body).await;
        assert_eq!(answer.failed_rules(), ["NotEmptyValidator"]);
    }
    for message in [
        "text",
        "[]",
        "{}",
        r#"{"AuditCode":null}"#,
        r#"{"AuditCode":" "}"#,
        r#"{"AuditCode":1}"#,
        r#"{"AuditCode":"a","Arguments":"b"}"#,
        r#"{"AuditCode":"a\u0000"}"#,
        r#"{"AuditCode":"a","TenantId":"nobody"}"#,
    ] {
        let problem = app.deliver(DELIVER, message).await.problem(400);
        assert!(problem.get("errors").is_none(), "{message} breaks a rule: {problem}");
    }
    assert_eq!(app.head().await, 0);
}

async fn what_can_not_be_delivered_is_set_aside(app: &TestApp) {
    let queue = WorkQueue::Audits;
    let id = app.enqueue(queue, 1, &json!({ "MessageTemplate": "no code" })).await;
    app.enqueue(queue, 2, &json!({ "AuditCode": "a.code" })).await;
    drain(app).await;
    assert_eq!(codes(&app.audits("").await), ["a.code"], "it keeps nobody waiting");
    for _ in 0..3 {
        drain(app).await;
        app.stands(queue, (1, 0)).await;
    }
    drain(app).await;
    app.stands(queue, (0, 1)).await;
    drain(app).await;
    let work = &app.ports().work;
    let poisoned = work.poisoned(queue).await.unwrap();
    assert_eq!((poisoned.len(), &poisoned[0].0.id), (1, &id));
    assert!(poisoned[0].1.contains("AuditCode"), "{poisoned:?}");
    assert!(work.revive(queue, &id).await.unwrap());
    app.stands(queue, (1, 0)).await;
}

async fn what_was_taken_and_not_finished_comes_again(app: &TestApp) {
    let message = json!({
        "MessageId": format!("audits_{:032x}", 1), "CallId": "acall", "AuditCode": "a.code",
    });
    app.enqueue(WorkQueue::Audits, 1, &message).await;
    // Somebody takes it, has it delivered, and is gone before it can say so.
    let taken = app.ports().work.take(WorkQueue::Audits, 1).await.unwrap().remove(0);
    let _ = app.deliver(DELIVER, &taken.message.body).await.expect(200);
    drain(app).await;
    // It may still be at it.
    app.stands(WorkQueue::Audits, (1, 0)).await;
    app.clock.advance(Duration::seconds(30));
    drain(app).await;
    app.stands(WorkQueue::Audits, (0, 0)).await;
    assert_eq!(codes(&app.audits("").await), ["a.code"]);
}

async fn what_a_broker_loses_is_delivered(app: &TestApp) {
    app.enqueue(WorkQueue::Audits, 1, &json!({ "AuditCode": "a.code" })).await;
    if let Some(broker) = app.broker() {
        broker.lose("audits").await;
        app.stands(WorkQueue::Audits, (1, 0)).await;
        app.clock.advance(Duration::seconds(30));
    }
    drain(app).await;
    assert_eq!(codes(&app.audits("").await), ["a.code"]);
}

async fn operators_find_what_they_ask_for(app: &TestApp) {
    let (mine, other) = (app.organization(), app.organization());
    let day = Duration::days(1);
    for (number, organization) in [Some(&mine), None, Some(&other), Some(&mine)].iter().enumerate()
    {
        let message = json!({ "AuditCode": format!("code.{number}"), "TenantId": organization });
        let _ = app.deliver(DELIVER, &message.to_string()).await.expect(200);
        app.clock.advance(day);
    }
    assert_eq!(codes(&app.audits("").await), ["code.0", "code.1", "code.2", "code.3"]);
    assert_eq!(codes(&app.audits(&format!("?organizationId={mine}")).await), ["code.0", "code.3"]);
    assert_eq!(codes(&app.audits("?sinceUtc=2026-06-16T12:00:00Z").await), ["code.2", "code.3"]);
    let both = format!("?OrganizationId={mine}&SinceUtc=2026-06-15T12:00:00Z");
    assert_eq!(codes(&app.audits(&both).await), ["code.3"]);
    assert_eq!(codes(&app.audits("?sort=-auditcode&limit=2").await), ["code.3", "code.2"]);
    assert_eq!(codes(&app.audits("?limit=1&offset=2").await), ["code.2"]);
    app.clock.advance(day * 11);
    assert_eq!(codes(&app.audits("").await), ["code.2", "code.3"], "14 days back by itself");
    let all = app.get("/audits?sinceUtc=2000-01-01T00:00:00Z&limit=1").by(&app.operator());
    let metadata = all.send().await.expect(200).json()["metadata"].clone();
    assert_eq!((&metadata["total"], &metadata["limit"]), (&json!(4), &json!(1)));
}

async fn a_search_is_judged_before_it_is_answered(app: &TestApp) {
    let _ = app.get("/audits").send().await.problem(401);
    let _ = app.get("/audits").by(&app.owner()).send().await.problem(403);
    for query in ["?organizationId=nobody", "?limit=1001", "?sort=!"] {
        let request = app.get(&format!("/audits{query}")).by(&app.operator());
        let _ = request.send().await.problem(400);
    }
}
