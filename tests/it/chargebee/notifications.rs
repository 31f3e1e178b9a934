//! What Chargebee tells.

use acceptance::{Person, TestApp};
use serde_json::{Value, json};

super::with_chargebee_everywhere!(
    what_is_told_is_taken_over_in_either_spelling,
    what_comes_again_or_late_changes_nothing,
    what_changed_nothing_changes_nothing_later,
    what_is_gone_there_is_gone_here,
    a_deleted_buyer_is_made_known_again,
    a_payment_method_comes_and_goes,
    whatever_is_of_no_interest_is_accepted,
    forged_notifications_are_refused_and_audited,
);

const AUTHORIZATION: &str = "Basic YXVzZXJuYW1lOg==";

struct Told<'a> {
    app: &'a TestApp,
    ann: Person,
    reference: String,
}

impl<'a> Told<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let ann = app.buyer("ann@company.com").await;
        let seen = app.subscription(&ann).await;
        let reference = seen["subscriptionReference"].as_str().unwrap().to_owned();
        Self { app, ann, reference }
    }

    fn subscription(&self, id: &str, kind: &str, more: &Value) -> Value {
        let mut subscription = json!({
            "id": self.reference, "customer_id": self.ann.organization, "billing_period": 1,
            "billing_period_unit": "month", "currency_code": "EUR",
            "subscription_items": [{
                "item_price_id": "apaid2", "item_type": "plan", "amount": 1250, "unit_price": 1250,
                "quantity": 1,
            }],
        });
        subscription.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let content = json!({ "subscription": subscription });
        json!({ "id": id, "event_type": kind, "content": content })
    }

    fn customer(&self, kind: &str, method: Value) -> Value {
        let mut customer = json!({ "id": self.ann.organization });
        if !method.is_null() {
            customer["payment_method"] = method;
        }
        json!({ "id": "ev_customer", "event_type": kind, "content": { "customer": customer } })
    }

    async fn tell(&self, event: &Value) {
        let answer = self.app.chargebee(event).await.expect(200);
        assert_eq!(answer.text(), "{}");
        // What follows is done, too.
        self.app.settle().await;
    }

    async fn seen(&self) -> Value {
        self.app.subscription(&self.ann).await
    }

    async fn last(&self) -> String {
        let mut rows = self.app.log().rows().await;
        rows.retain(|row| row.aggregate_type == "subscription");
        rows.pop().unwrap().event_type
    }
}

async fn what_is_told_is_taken_over_in_either_spelling(app: &TestApp) {
    let told = Told::begin(app).await;
    let trial = json!({ "status": "in_trial", "trial_end": 1_782_864_000, "next_billing_at": 1_782_864_000 });
    told.tell(&told.subscription("1", "subscription_changed", &trial)).await;
    let seen = told.seen().await;
    assert_eq!(told.last().await, "subscription_plan_changed");
    assert_eq!(
        seen["plan"],
        json!({
            "id": "apaid2", "isTrial": true, "trialEndDateUtc": "2026-07-01T00:00:00Z",
            "tier": "professional",
        })
    );
    assert_eq!(
        seen["invoice"],
        json!({ "amount": 12.5, "currency": "EUR", "nextUtc": "2026-07-01T00:00:00Z" })
    );
    assert_eq!(seen["canBeUnsubscribed"], true, "a trial can end any time");
    let ending = json!({ "status": "non_renewing", "cancelled_at": 1_782_864_000 });
    told.tell(&told.subscription("2", "SubscriptionCancellationScheduled", &ending)).await;
    let seen = told.seen().await;
    assert_eq!(told.last().await, "subscription_canceled");
    assert_eq!(
        (&seen["status"], &seen["canceledDateUtc"]),
        (&json!("canceling"), &json!("2026-07-01T00:00:00Z"))
    );
    assert!(seen["plan"].get("trialEndDateUtc").is_none());
    let goes_on = json!({ "status": "Active" });
    let kind = "subscription_scheduled_cancellation_removed";
    told.tell(&told.subscription("3", kind, &goes_on)).await;
    let seen = told.seen().await;
    assert_eq!(seen["status"], "activated");
    assert!(seen.get("canceledDateUtc").is_none());
}

async fn what_comes_again_or_late_changes_nothing(app: &TestApp) {
    let told = Told::begin(app).await;
    let at = |version: u32, status: &str| json!({ "status": status, "resource_version": version });
    let active = told.subscription("1", "subscription_changed", &at(1, "active"));
    let paused = told.subscription("2", "subscription_changed", &at(3, "paused"));
    told.tell(&active).await;
    told.tell(&paused).await;
    let (head, seen) = (app.head().await, told.seen().await);
    told.tell(&paused).await;
    told.tell(&active).await;
    told.tell(&told.subscription("3", "subscription_cancelled", &at(2, "cancelled"))).await;
    assert_eq!((app.head().await, told.seen().await), (head, seen));
    told.tell(&told.subscription("4", "subscription_changed", &at(6, "paused"))).await;
    let (head, seen) = (app.head().await, told.seen().await);
    assert_eq!(seen["providerState"]["SubscriptionVersion"], "6", "it tells what is late");
    told.tell(&told.subscription("5", "subscription_cancelled", &at(5, "cancelled"))).await;
    told.tell(&told.subscription("6", "subscription_changed", &json!({ "status": "Paused" })))
        .await;
    assert_eq!((app.head().await, told.seen().await), (head, seen));
}

async fn what_changed_nothing_changes_nothing_later(app: &TestApp) {
    let told = Told::begin(app).await;
    let at = |status: &str| json!({ "status": status });
    let again = told.subscription("2", "subscription_changed", &at("active"));
    told.tell(&told.subscription("1", "subscription_changed", &at("active"))).await;
    let head = app.head().await;
    told.tell(&again).await;
    assert_eq!(app.head().await, head);
    told.tell(&told.subscription("3", "subscription_changed", &at("paused"))).await;
    let head = app.head().await;
    told.tell(&again).await;
    assert_eq!(app.head().await, head);
}

async fn what_is_gone_there_is_gone_here(app: &TestApp) {
    let told = Told::begin(app).await;
    app.card(&told.ann.organization).await;
    let deleted = json!({ "status": "cancelled", "deleted": true });
    let gone = told.subscription("1", "subscription_deleted", &deleted);
    told.tell(&gone).await;
    assert_eq!(told.last().await, "subscription_unsubscribed");
    let seen = told.seen().await;
    assert!(seen.get("subscriptionReference").is_none(), "{seen}");
    assert_eq!(
        (&seen["status"], &seen["plan"]["tier"]),
        (&json!("unsubscribed"), &json!("unsubscribed"))
    );
    let head = app.head().await;
    told.tell(&gone).await;
    told.tell(&told.subscription("2", "subscription_changed", &json!({ "status": "active" })))
        .await;
    assert_eq!(app.head().await, head, "nothing has this reference any more");
    let back =
        app.plan(&told.ann, "apaid2").send().await.expect(202).json()["subscription"].clone();
    assert_eq!(back["status"], "activated");
    assert_ne!(back["subscriptionReference"], json!(told.reference));
}

async fn a_deleted_buyer_is_made_known_again(app: &TestApp) {
    let told = Told::begin(app).await;
    told.tell(&told.customer("customer_deleted", Value::Null)).await;
    assert_eq!(told.last().await, "buyer_restored");
    let seen = told.seen().await;
    assert_eq!(seen["providerState"], json!({ "CustomerId": told.ann.organization }));
    assert_eq!(seen["buyerReference"], json!(told.ann.organization));
    assert_eq!(seen["status"], "unsubscribed");
    let head = app.head().await;
    let mut again = told.customer("customer_deleted", Value::Null);
    again["id"] = json!("ev_another");
    told.tell(&again).await;
    assert_eq!(app.head().await, head, "it is known there already");
}

async fn a_payment_method_comes_and_goes(app: &TestApp) {
    let told = Told::begin(app).await;
    let method = |status: &str| json!({ "id": "pm", "type": "paypal", "status": status });
    told.tell(&told.customer("payment_source_added", method("valid"))).await;
    assert_eq!(told.last().await, "payment_method_changed");
    assert_eq!(told.seen().await["paymentMethod"], json!({ "status": "valid", "type": "other" }));
    let _ = app.plan(&told.ann, "apaid2").send().await.expect(202);
    told.tell(&told.customer("PaymentSourceExpired", method("expired"))).await;
    assert_eq!(told.seen().await["paymentMethod"], json!({ "status": "invalid", "type": "none" }));
    let _ = app.plan(&told.ann, "apaid3").send().await.problem(402);
    told.tell(&told.customer("payment_source_updated", method("Valid"))).await;
    told.tell(&told.customer("customer_changed", Value::Null)).await;
    assert_eq!(told.seen().await["paymentMethod"]["status"], "valid", "nothing is told of it");
    told.tell(&told.customer("payment_source_deleted", Value::Null)).await;
    assert_eq!(told.seen().await["paymentMethod"]["status"], "invalid");
}

async fn whatever_is_of_no_interest_is_accepted(app: &TestApp) {
    let told = Told::begin(app).await;
    let head = app.head().await;
    let strange =
        |kind: &str, content: Value| json!({ "id": "x", "event_type": kind, "content": content });
    for event in [
        json!({}),
        json!({ "id": "1" }),
        json!({ "event_type": "" }),
        json!({ "event_type": "subscription_changed" }),
        strange("subscription_changed", Value::Null),
        strange("subscription_changed", json!({ "subscription": {} })),
        strange("subscription_changed", json!({ "subscription": "odd" })),
        strange("subscription_changed", json!({ "subscription": { "id": 5 } })),
        strange("subscription_changed", json!({ "subscription": { "id": "unknown" } })),
        strange("customer_changed", json!({ "subscription": { "id": told.reference } })),
        strange("customer_deleted", json!({ "customer": { "id": "unknown" } })),
        strange("customer_deleted", json!({ "customer": { "id": "" } })),
        told.subscription("2", "invoice_generated", &json!({ "status": "cancelled" })),
    ] {
        let _ = app.chargebee(&event).await.expect(200);
    }
    assert_eq!(app.head().await, head);
    let huge = strange("subscription_changed", json!({ "more": "x".repeat(2 * 1024 * 1024) }));
    let _ = app.chargebee(&huge).await.problem(413);
    let broken = app.post("/webhooks/chargebee").header("authorization", AUTHORIZATION);
    let _ = broken.body("application/json", "{").send().await.problem(400);
}

async fn forged_notifications_are_refused_and_audited(app: &TestApp) {
    let told = Told::begin(app).await;
    let event = told.subscription("1", "subscription_cancelled", &json!({ "status": "cancelled" }));
    let head = told.seen().await;
    let post = || app.post("/webhooks/chargebee").json(&event);
    let refused = [
        post(),
        // `AUsername:`, `ausername:apassword`, `:`
        post().header("authorization", "Basic QVVzZXJuYW1lOg=="),
        post().header("authorization", "Basic YXVzZXJuYW1lOmFwYXNzd29yZA=="),
        post().header("authorization", "Basic Og=="),
        post().header("authorization", "Basic nonsense"),
        post().by(&told.ann),
    ];
    for request in refused {
        let _ = request.send().await.problem(401);
    }
    assert_eq!(told.seen().await, head);
    let _ = app.post_signed("/audits/drain", &json!({})).await.expect(200);
    let audits = app.audits("").await;
    let failed = audits.iter().filter(|one| one["auditCode"] == "Chargebee.Authentication.Failed");
    assert_eq!(failed.count(), 6);
    // Nobody looks at what strangers tell.
    for body in ["{", "[]", r#"{"id":5}"#] {
        let stranger = app.post("/webhooks/chargebee").body("application/json", body);
        let _ = stranger.send().await.problem(401);
        let known = app.post("/webhooks/chargebee").header("authorization", AUTHORIZATION);
        let _ = known.body("application/json", body).send().await.problem(400);
    }
    let _ = post().header("authorization", AUTHORIZATION).send().await.expect(200);
    assert_eq!(told.seen().await["status"], "canceled");
}
