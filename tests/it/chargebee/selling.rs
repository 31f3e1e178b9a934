//! Changing plans, canceling, claiming and handing over.

use acceptance::{Person, TestApp};
use domain::kernel::roles::Role;
use serde_json::{Value, json};

super::with_chargebee_everywhere!(
    everybody_begins_with_the_starting_plan,
    without_a_payment_method_nothing_is_sold,
    plans_go_up_and_down,
    a_cancellation_waits_for_the_end_and_can_be_undone,
    another_billing_admin_claims_what_has_ended,
    a_subscription_is_handed_over_with_its_plan,
    an_operator_ends_it_at_once,
    only_what_can_end_lets_its_organization_go,
    there_are_no_plans_and_no_invoices,
);

fn told(subscription: &Value) -> (&str, &str, &str) {
    let text = |value: &'_ Value| value.as_str().map(str::to_owned);
    assert!(text(&subscription["status"]).is_some(), "{subscription}");
    (
        subscription["status"].as_str().unwrap(),
        subscription["plan"]["id"].as_str().unwrap(),
        subscription["plan"]["tier"].as_str().unwrap(),
    )
}

async fn changed(app: &TestApp, person: &Person, plan: &str) -> Value {
    let answer = app.plan(person, plan).send().await.expect(202);
    let subscription = answer.json()["subscription"].clone();
    assert_eq!(subscription, app.subscription(person).await);
    subscription
}

async fn everybody_begins_with_the_starting_plan(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let seen = app.subscription(&ann).await;
    assert_eq!(seen["providerName"], "chargebee_billing");
    assert_eq!(seen["buyerReference"], json!(ann.organization));
    assert_eq!(seen["subscriptionReference"].as_str().unwrap().len(), 32);
    assert_eq!(told(&seen), ("activated", "apaidtrial", "standard"));
    assert_eq!(seen["period"], json!({ "frequency": 1, "unit": "month" }));
    assert_eq!(seen["paymentMethod"], json!({ "status": "invalid", "type": "none" }));
    assert_eq!((&seen["canBeCanceled"], &seen["canBeUnsubscribed"]), (&json!(true), &json!(false)));
}

async fn without_a_payment_method_nothing_is_sold(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let head = app.head().await;
    for refused in
        [app.plan(&ann, "apaid2"), app.transfer(&ann, bea.user.as_str()), app.plan(&bea, "apaid2")]
    {
        let problem = refused.send().await.problem(402);
        assert_eq!(problem["code"], "subscription_no_payment_method");
    }
    assert_eq!(app.head().await, head);
}

async fn plans_go_up_and_down(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    app.card(&ann.organization).await;
    for (plan, tier) in [
        ("apaid2", "professional"),
        ("apaid3", "enterprise"),
        ("apaidtrial", "standard"),
        ("unheard of", "unsubscribed"),
    ] {
        let seen = changed(app, &ann, plan).await;
        assert_eq!(told(&seen), ("activated", plan, tier));
        assert_eq!(seen["paymentMethod"], json!({ "status": "valid", "type": "card" }));
    }
}

async fn a_cancellation_waits_for_the_end_and_can_be_undone(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    app.card(&ann.organization).await;
    let canceled = app.cancellation(&ann).send().await.expect(202).json()["subscription"].clone();
    assert_eq!(told(&canceled), ("canceling", "apaidtrial", "standard"));
    assert_eq!(canceled["canceledDateUtc"], "2026-07-15T12:00:00Z");
    assert_eq!(
        (&canceled["canBeCanceled"], &canceled["canBeUnsubscribed"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        canceled["subscriptionReference"],
        app.subscription(&ann).await["subscriptionReference"]
    );
    let _ = app.cancellation(&ann).send().await.problem(405);
    let back = changed(app, &ann, "apaid2").await;
    assert_eq!(told(&back), ("activated", "apaid2", "professional"));
    assert!(back.get("canceledDateUtc").is_none());
}

async fn another_billing_admin_claims_what_has_ended(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    app.card(&ann.organization).await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let _ = app.cancellation(&ann).send().await.expect(202);
    let refused = app.plan(&bea, "apaid2").send().await.problem(400);
    assert_eq!(refused["code"], "subscription_not_claimable", "it goes on until its end");
    let ended = json!({
        "id": "ev_1", "event_type": "subscription_cancelled",
        "content": { "subscription": {
            "id": app.subscription(&ann).await["subscriptionReference"],
            "customer_id": ann.organization, "status": "cancelled", "cancelled_at": 1_781_524_800,
            "subscription_items": [],
        } },
    });
    let _ = app.chargebee(&ended).await.expect(200);
    assert_eq!(told(&app.subscription(&ann).await), ("canceled", "apaidtrial", "unsubscribed"));
    let claimed = changed(app, &bea, "apaid2").await;
    assert_eq!(told(&claimed), ("activated", "apaid2", "professional"));
    assert_eq!(claimed["buyerId"], json!(bea.user));
    assert_eq!(
        claimed["buyerReference"],
        json!(ann.organization),
        "the customer is the organization"
    );
}

async fn a_subscription_is_handed_over_with_its_plan(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    app.card(&ann.organization).await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    changed(app, &ann, "apaid3").await;
    let answer = app.transfer(&ann, bea.user.as_str()).send().await.expect(202);
    let seen = answer.json()["subscription"].clone();
    assert_eq!(told(&seen), ("activated", "apaid3", "enterprise"));
    assert_eq!(seen["buyerId"], json!(bea.user));
}

async fn an_operator_ends_it_at_once(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    app.card(&ann.organization).await;
    let path = format!("/subscriptions/{}/force", ann.organization);
    let answer = app.delete(&path).by(&app.operator()).send().await.expect(202);
    let ended = answer.json()["subscription"].clone();
    assert_eq!(told(&ended), ("canceled", "apaidtrial", "unsubscribed"));
    assert_eq!(ended["canceledDateUtc"], "2026-06-15T12:00:00Z");
    assert_eq!(ended["canBeUnsubscribed"], true);
    let _ = app.delete(&path).by(&app.operator()).send().await.problem(405);
    assert_eq!(told(&changed(app, &ann, "apaid2").await), ("activated", "apaid2", "professional"));
}

async fn only_what_can_end_lets_its_organization_go(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let request = app.post("/organizations").by(&ann).json(&json!({ "name": "Acme" }));
    let _ = request.send().await.expect(200);
    app.settle().await;
    // It works in the new one now.
    let ann = app.signed_in(&ann.user).await;
    let delete = || app.delete(&format!("/organizations/{}", ann.organization)).by(&ann).send();
    let reference = app.subscription(&ann).await["subscriptionReference"].clone();
    for (id, status) in [("1", "active"), ("2", "non_renewing")] {
        let _ = app.chargebee(&became(id, &reference, status)).await.expect(200);
        assert_eq!(delete().await.problem(400)["code"], "organization_still_subscribed");
    }
    let _ = app.chargebee(&became("3", &reference, "in_trial")).await.expect(200);
    let _ = delete().await.expect(204);
    app.settle().await;
    let found = app.ports().subscription_reads.of_organization(&ann.organization).await;
    assert_eq!(found.unwrap(), None);
    // What still comes of it is of no interest.
    let _ = app.chargebee(&became("4", &reference, "cancelled")).await.expect(200);
}

fn became(id: &str, reference: &Value, status: &str) -> Value {
    json!({
        "id": id, "event_type": "subscription_changed",
        "content": { "subscription": { "id": reference, "status": status } },
    })
}

async fn there_are_no_plans_and_no_invoices(app: &TestApp) {
    let plans = app.get("/pricing/plans").send().await.expect(200).json()["plans"].clone();
    assert_eq!(
        plans,
        json!({ "annually": [], "daily": [], "eternally": [], "monthly": [], "weekly": [] })
    );
    let ann = app.buyer("ann@company.com").await;
    let path = format!("/subscriptions/{}/invoices", ann.organization);
    let found = app.get(&path).by(&ann).send().await.expect(200).json();
    assert_eq!(found["invoices"], json!([]));
}
