//! Events that are delivered by message, whatever becomes of them.

use std::sync::atomic::Ordering;

use application::{
    eventing::message::BusMessage,
    ports::{EventLog, Severity},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    fakes::{Running, start},
    problem,
};
use crate::{http::settings::HttpSettings, routes::eventing::ROUTES};

fn deliver(api: &Running, message: &str, area: &str) -> RequestBuilder {
    let body = json!({ "message": message, "subscriptionName": format!("ApiHost1-{area}") });
    let text = body.to_string();
    api.anonymous(Method::POST, "/event_notifications")
        .header("X-HMAC-Signature", format!("hmac:{text}"))
        .header("Content-Type", "application/json")
        .body(text)
}

/// The message of the first event.
async fn message(api: &Running) -> String {
    api.register().await;
    let events = api.log.read(0, 1).await.unwrap();
    serde_json::to_string(&BusMessage::of(&events[0])).unwrap()
}

#[actix_web::test]
async fn a_delivery_ends_as_the_reactions_of_its_subscription_do() {
    let api = start(ROUTES, HttpSettings::default());
    let message = message(&api).await;
    let done = deliver(&api, &message, "EndUsers").send().await.unwrap();
    assert_eq!(done.json::<Value>().await.unwrap(), json!({ "isSent": true }));
    api.seen.late.store(true, Ordering::SeqCst);
    problem(deliver(&api, &message, "EndUsers"), 503).await;
    assert!(api.seen.crashes.lock().unwrap().is_empty(), "it may be asked again");
    api.seen.gave_up.store(true, Ordering::SeqCst);
    let failed = problem(deliver(&api, &message, "EndUsers"), 500).await;
    let detail = failed["detail"].as_str().unwrap();
    assert!(detail.starts_with("Failed to notify consumer"), "{detail}");
    let crashes = api.seen.crashes.lock().unwrap().clone();
    assert_eq!(crashes, [(Severity::Critical, "event_notifications.notify")]);
    let cares_not = deliver(&api, &message, "Organizations").send().await.unwrap();
    assert_eq!(cares_not.status(), 200);
}

#[actix_web::test]
async fn a_forged_message_is_audited() {
    let api = start(ROUTES, HttpSettings::default());
    let forged = message(&api).await.replace("user_ownerowner", "user_strangerrr");
    for message in [forged.as_str(), "no JSON"] {
        problem(deliver(&api, message, "EndUsers"), 400).await;
    }
    let audited = ["EventNotification.Failed.InvalidMessage"; 2];
    assert_eq!(*api.seen.audits.lock().unwrap(), audited);
}
