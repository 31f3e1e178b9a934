//! E-mails, from what is queued to what operators see.

use acceptance::{TestApp, on_every_deployment};
use application::{Call, Caller, emails::Mail, ports::WorkQueue};
use domain::kernel::EmailAddress;
use serde_json::{Value, json};
use time::Duration;

on_every_deployment!(
    a_mail_is_queued_with_its_call_and_sent_once,
    messages_are_judged_before_anything_is_sent,
    what_fails_is_tried_again_and_then_set_aside,
    reports_find_their_email,
    operators_find_what_they_ask_for,
    a_search_is_judged_before_it_is_answered,
    nothing_personal_is_readable_while_it_is_kept,
    mailgun_reports_what_became_of_an_email,
    a_bad_signature_of_mailgun_is_audited,
);

const SEND: &str = "/emails/send";
const PROOF: &str = "bf106940253fa7477ba4b55a027126b70037ce9b00e67aa3bf4f5bab2775d3e1";

fn id(number: u32) -> String {
    format!("emails_{number:032x}")
}

fn receipt(number: u32) -> String {
    format!("receipt_{number:032x}")
}

fn html(number: u32, to: &str) -> Value {
    json!({
        "MessageId": id(number),
        "CallId": "acall",
        "Html": {
            "Subject": "asubject", "Body": "<p>abody</p>",
            "FromEmailAddress": "noreply@company.com", "FromDisplayName": "Support",
            "ToEmailAddress": to, "ToDisplayName": "Ann",
            "Tags": ["user", "registration"],
        },
    })
}

async fn drain(app: &TestApp) {
    assert_eq!(app.post_signed("/emails/drain", &json!({})).await.expect(200).text(), "{}");
}

async fn emails(app: &TestApp, query: &str) -> Vec<Value> {
    let request = app.get(&format!("/emails{query}")).by(&app.operator());
    let answer = request.send().await.expect(200).json();
    answer["emails"].as_array().unwrap().clone()
}

async fn only(app: &TestApp) -> Value {
    let mut all = emails(app, "").await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn send(app: &TestApp, message: &Value) {
    let answer = app.deliver(SEND, &message.to_string()).await.expect(200);
    assert_eq!(answer.json(), json!({ "isSent": true }));
}

/// Queues the mail that asks Ann to confirm.
async fn queue_confirmation(app: &TestApp) {
    let call = Call::new(Caller::anonymous(), "acall".into());
    let mail = Mail::ConfirmRegistration {
        to: EmailAddress::parse("Ann@Company.com").unwrap(),
        name: "Ann Miller".into(),
        token: "secret+token_of-the-registration-1234567890".into(),
    };
    app.ports().mail(&call, mail).unwrap();
    app.ports().flush(&call).await.unwrap();
}

async fn a_mail_is_queued_with_its_call_and_sent_once(app: &TestApp) {
    queue_confirmation(app).await;
    assert_eq!(emails(app, "").await.len(), 0, "it waits");
    drain(app).await;
    drain(app).await;
    let email = only(app).await;
    assert_eq!(email["subject"], "Welcome to Groundwork");
    assert_eq!(email["toEmailAddress"], "ann@company.com");
    assert_eq!(email["toDisplayName"], "Ann Miller");
    assert_eq!(email["tags"], json!(["user", "registration"]));
    let link = "http://127.0.0.1:5101/confirm-password-registration?token=\
        secret%2Btoken_of-the-registration-1234567890";
    assert!(email["body"].as_str().unwrap().contains(link), "testing builds show it: {email}");
    assert_eq!(email["attempts"], json!(["2026-06-15T12:00:00Z"]));
    assert_eq!(
        (&email["isSent"], &email["sentAt"]),
        (&json!(true), &json!("2026-06-15T12:00:00Z"))
    );
    assert_eq!((&email["isDelivered"], &email["isDeliveryFailed"]), (&json!(false), &json!(false)));
    assert!(email["id"].as_str().unwrap().starts_with("emaildelivery_"));
    // The same message again, and another one twice at once.
    for _ in 0..2 {
        send(app, &html(1, "ann@company.com")).await;
    }
    let message = html(2, "ann@company.com");
    tokio::join!(send(app, &message), send(app, &message));
    let all = emails(app, "").await;
    assert_eq!(all.len(), 3);
    assert_eq!(all[1]["attempts"].as_array().unwrap().len(), 1);
    assert!(all.iter().all(|email| email["isSent"] == true), "{all:?}");
    let xml = app.get("/emails").by(&app.operator()).header("Accept", "application/xml");
    let xml = xml.send().await.expect(200).text();
    assert!(xml.contains("<Subject>asubject</Subject>"), "{xml}");
}

async fn messages_are_judged_before_anything_is_sent(app: &TestApp) {
    for body in [json!({}), json!({ "message": "" })] {
        let answer = app.post_signed(SEND, &body).await;
        assert_eq!(answer.failed_rules(), ["NotEmptyValidator"]);
    }
    let with = |member: &str, value: Value| {
        let mut message = html(1, "ann@company.com");
        message["Html"][member] = value;
        message
    };
    let mut nameless = html(1, "ann@company.com");
    nameless["MessageId"] = json!("emails_1");
    let template = json!({
        "MessageId": id(1),
        "Template": {
            "FromEmailAddress": "noreply@company.com", "FromDisplayName": "Support",
            "ToEmailAddress": "ann@company.com", "ToDisplayName": "Ann", "Substitutions": {},
        },
    });
    for message in [
        json!({ "MessageId": id(1) }),
        nameless,
        with("ToEmailAddress", json!("ann")),
        with("FromEmailAddress", json!(null)),
        with("ToDisplayName", json!(" ")),
        with("FromDisplayName", json!("")),
        with("Subject", json!(null)),
        with("Body", json!("")),
        with("Body", json!(1)),
        template,
    ] {
        let problem = app.deliver(SEND, &message.to_string()).await.problem(400);
        assert!(problem.get("errors").is_none(), "{message} breaks a rule: {problem}");
    }
    assert_eq!(app.head().await, 0);
    let _ = app.post(SEND).json(&json!({ "message": "{}" })).send().await.problem(401);
}

async fn what_fails_is_tried_again_and_then_set_aside(app: &TestApp) {
    let queue = WorkQueue::Emails;
    app.enqueue(queue, 1, &html(1, "undeliverable@company.com")).await;
    app.enqueue(queue, 2, &html(2, "flaky@company.com")).await;
    app.enqueue(queue, 3, &html(3, "ann@company.com")).await;
    drain(app).await;
    let sent = |all: &[Value]| -> Vec<bool> {
        all.iter().map(|email| email["isSent"].as_bool().unwrap()).collect()
    };
    assert_eq!(sent(&emails(app, "?sort=Id").await), [false, false, true]);
    app.clock.advance(Duration::seconds(5));
    drain(app).await;
    let all = emails(app, "?sort=Id").await;
    assert_eq!(sent(&all), [false, true, true]);
    assert_eq!(all[1]["attempts"], json!(["2026-06-15T12:00:00Z", "2026-06-15T12:00:05Z"]));
    for _ in 0..3 {
        drain(app).await;
    }
    app.stands(queue, (0, 1)).await;
    let tries = emails(app, "?sort=Id").await[0]["attempts"].as_array().unwrap().len();
    assert_eq!(tries, 5, "each time later than before, though the clock stands still");
    let poisoned = app.ports().work.poisoned(queue).await.unwrap();
    assert!(!poisoned[0].1.contains("@company.com"), "{}", poisoned[0].1);
}

async fn reports_find_their_email(app: &TestApp) {
    let at = |path: &str, body: Value| {
        let request = app.post(&format!("/emails/{path}")).json(&body);
        async move { assert_eq!(request.send().await.expect(200).text(), "{}") }
    };
    at("delivered", json!({ "receiptId": receipt(9) })).await;
    for path in ["delivered", "failed"] {
        let request = app.post(&format!("/emails/{path}")).json(&json!({}));
        assert_eq!(request.send().await.failed_rules(), ["NotEmptyValidator"]);
    }
    send(app, &html(1, "ann@company.com")).await;
    at("failed", json!({ "receiptId": receipt(1), "failedAtUtc": "2026-06-16T00:00:00Z" })).await;
    at("failed", json!({ "receiptId": receipt(1), "reason": "the second does not count" })).await;
    let email = only(app).await;
    assert_eq!(email["isDeliveryFailed"], true);
    assert_eq!(email["failedDeliveryAt"], "2026-06-16T00:00:00Z");
    assert_eq!(email["failedDeliveryReason"], "none");
    at("delivered", json!({ "receiptId": receipt(1) })).await;
    at("failed", json!({ "receiptId": receipt(1) })).await;
    let email = only(app).await;
    assert_eq!((&email["isDelivered"], &email["isDeliveryFailed"]), (&json!(true), &json!(false)));
    assert_eq!(email["deliveredAt"], "2026-06-15T12:00:00Z");
    assert!(email.get("failedDeliveryReason").is_none());
}

async fn operators_find_what_they_ask_for(app: &TestApp) {
    let mine = app.organization();
    for number in 1..=3 {
        let mut message = html(number, "ann@company.com");
        message["Html"]["Tags"] = json!(["all", format!("tag.{number}"), "all_of-them"]);
        if number == 2 {
            message["TenantId"] = json!(mine);
        }
        send(app, &message).await;
        app.clock.advance(Duration::days(1));
    }
    let found = async |query: &str| -> Vec<String> {
        let all = emails(app, query).await;
        all.iter().map(|email| email["tags"][1].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("").await, ["tag.1", "tag.2", "tag.3"]);
    assert_eq!(found(&format!("?organizationId={mine}")).await, ["tag.2"]);
    assert_eq!(found("?sinceUtc=2026-06-15T12:00:00Z").await, ["tag.2", "tag.3"]);
    assert_eq!(found("?tags=all&tags=tag.3").await, ["tag.3"]);
    assert_eq!(found("?tags=tag.1&tags=tag.3").await, [""; 0]);
    assert_eq!(found("?tags=tag").await, [""; 0], "whole tags only");
    assert_eq!(found("?tags=all&sort=-created&limit=2").await, ["tag.3", "tag.2"]);
    app.clock.advance(Duration::days(11));
    assert_eq!(found("").await, ["tag.2", "tag.3"], "14 days back by itself");
}

async fn a_search_is_judged_before_it_is_answered(app: &TestApp) {
    let _ = app.get("/emails").send().await.problem(401);
    let _ = app.get("/emails").by(&app.owner()).send().await.problem(403);
    for query in [
        "?organizationId=nobody",
        "?sinceUtc=2026-06-15T13:00:00Z",
        "?tags=ab",
        "?tags=fine&tags=a%20b%20c",
        "?limit=1001",
    ] {
        let request = app.get(&format!("/emails{query}")).by(&app.operator());
        let _ = request.send().await.problem(400);
    }
    let soon = app.get("/emails?sinceUtc=2026-06-15T12:59:00Z").by(&app.operator());
    let _ = soon.send().await.expect(200);
}

async fn nothing_personal_is_readable_while_it_is_kept(app: &TestApp) {
    queue_confirmation(app).await;
    if app.broker().is_none() {
        let waiting = app.log().kept().await;
        assert!(waiting.contains("emails_"), "{waiting}");
        assert!(!waiting.to_lowercase().contains("company.com"), "{waiting}");
        assert!(!waiting.contains("of-the-registration"), "{waiting}");
    }
    drain(app).await;
    let stored = app.log().kept().await;
    assert!(stored.contains("receipt_"), "{stored}");
    assert!(!stored.to_lowercase().contains("company.com"), "{stored}");
    assert!(!stored.contains("of-the-registration") && !stored.contains("Miller"), "{stored}");
}

fn notification(event: &Value) -> Value {
    json!({
        "signature": { "timestamp": "1", "token": "atoken", "signature": PROOF },
        "event-data": event,
    })
}

async fn mailgun_reports_what_became_of_an_email(app: &TestApp) {
    send(app, &html(1, "ann@company.com")).await;
    let notify = async |event: Value| {
        let request = app.post("/webhooks/mailgun").json(&notification(&event));
        let _ = request.send().await.expect(200);
    };
    let message = json!({ "headers": { "message-id": receipt(1), "to": "ann@company.com" } });
    notify(json!(null)).await;
    notify(json!({ "id": "1" })).await;
    notify(json!({ "event": "opened", "message": message })).await;
    notify(json!({ "event": "delivered" })).await;
    notify(json!({ "event": "failed", "severity": "temporary", "message": message })).await;
    assert_eq!(only(app).await["isDeliveryFailed"], false);
    let failed = json!({
        "event": "FAILED", "timestamp": 1_780_000_000.25, "severity": "permanent",
        "reason": "bounce", "delivery-status": { "description": "the mailbox is full" },
        "message": message,
    });
    notify(failed).await;
    let email = only(app).await;
    assert_eq!(email["failedDeliveryReason"], "the mailbox is full");
    assert_eq!(email["failedDeliveryAt"], "2026-05-28T20:26:40.25Z");
    notify(json!({ "event": "Delivered", "id": "2", "message": message })).await;
    assert_eq!(only(app).await["isDelivered"], true);
    notify(json!({ "event": "delivered", "id": "2", "message": message })).await;
}

async fn a_bad_signature_of_mailgun_is_audited(app: &TestApp) {
    let mut bad = notification(&json!({ "event": "delivered" }));
    bad["signature"]["token"] = json!("another");
    for body in [json!({}), bad, json!({ "signature": { "timestamp": "1" } })] {
        let _ = app.post("/webhooks/mailgun").json(&body).send().await.problem(401);
    }
    let _ = app.post_signed("/audits/drain", &json!({})).await.expect(200);
    let audits = app.audits("").await;
    assert_eq!(audits.len(), 3);
    assert!(audits.iter().all(|audit| audit["auditCode"] == "Authentication.Mailgun.Failed"));
}
