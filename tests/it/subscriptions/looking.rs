//! Looking at subscriptions, plans and invoices.

use acceptance::{TestApp, on_every_deployment};
use domain::kernel::roles::Role;
use serde_json::{Value, json};

on_every_deployment!(
    whoever_registers_has_subscribed,
    only_whoever_decides_about_money_sees_it,
    the_one_plan_is_for_everybody,
    there_is_an_invoice_for_every_month,
    bad_times_of_invoices_are_refused,
);

async fn whoever_registers_has_subscribed(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let seen = app.subscription(&ann).await;
    let reference = seen["subscriptionReference"].as_str().unwrap();
    assert!(reference.starts_with("simplesub_") && reference.len() == 42, "{reference}");
    assert_eq!(
        seen,
        json!({
            "id": ann.user.twin("billsub"),
            "owningEntityId": ann.organization,
            "buyerId": ann.user,
            "buyerReference": ann.user,
            "subscriptionReference": reference,
            "providerName": "simple_billing_provider",
            "providerState": { "BuyerId": ann.user, "SubscriptionId": reference },
            "status": "activated",
            "canBeCanceled": true,
            "canBeUnsubscribed": true,
            "plan": { "id": "_simple_standard", "isTrial": false, "tier": "standard" },
            "period": { "frequency": 0, "unit": "eternity" },
            "invoice": { "amount": 0, "currency": "USD" },
            "paymentMethod": { "status": "valid", "type": "other" },
        })
    );
}

async fn only_whoever_decides_about_money_sees_it(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let path = format!("/subscriptions/{}", ann.organization);
    let _ = app.get(&path).send().await.problem(401);
    let stranger = app.buyer("eve@company.com").await;
    let _ = app.get(&path).by(&stranger).send().await.problem(403);
    let member = app.joined("bob@company.com", &ann.organization, Role::TenantOwner).await;
    let _ = app.get(&path).by(&member).send().await.problem(403);
    let admin = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    assert_eq!(app.subscription(&admin).await, app.subscription(&ann).await);
    // What a token says of somebody who is no member any more is not enough.
    let mut past = app.owner();
    past.organization = ann.organization.clone();
    past.grants.roles.push((Role::TenantBillingAdmin, Some(ann.organization.clone())));
    let grants = acceptance::people::Grants {
        features: admin.grants.features.clone(),
        ..past.grants.clone()
    };
    let past = app.person(past.user.clone(), ann.organization.clone(), grants);
    assert_eq!(
        app.get(&path).by(&past).send().await.problem(403)["code"],
        "subscription_not_billing_admin"
    );
}

async fn the_one_plan_is_for_everybody(app: &TestApp) {
    let plans = app.get("/pricing/plans").send().await.expect(200).json()["plans"].clone();
    for none in ["annually", "daily", "monthly", "weekly"] {
        assert_eq!(plans[none], json!([]), "{none}");
    }
    let plan = &plans["eternally"][0];
    assert_eq!(plan["id"], "_simple_standard");
    assert_eq!((&plan["cost"], &plan["setupCost"]), (&json!(0), &json!(0)));
    assert_eq!(plan["isRecommended"], true);
    assert_eq!(plan["period"], json!({ "frequency": 1, "unit": "eternity" }));
    assert_eq!(plan["trial"], json!({ "hasTrial": false, "frequency": 0, "unit": "eternity" }));
    assert_eq!(plan["featureSection"][0]["features"][0]["isIncluded"], true);
}

async fn there_is_an_invoice_for_every_month(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let path = format!("/subscriptions/{}/invoices", ann.organization);
    let asked = async |query: &str| -> Value {
        app.get(&format!("{path}{query}")).by(&ann).send().await.expect(200).json()
    };
    let days = |found: &Value| -> Vec<String> {
        let all = found["invoices"].as_array().unwrap();
        all.iter().map(|one| one["invoicedOnUtc"].as_str().unwrap()[..10].to_owned()).collect()
    };
    let found = asked("?fromUtc=2024-06-01T00:00:00Z").await;
    assert_eq!(days(&found), ["2024-06-01", "2024-07-01", "2024-08-01", "2024-09-01"]);
    assert_eq!(found["metadata"]["total"], 4);
    let first = &found["invoices"][0];
    assert_eq!((&first["status"], &first["amount"]), (&json!("paid"), &json!(0)));
    assert_eq!(first["periodStartUtc"], "2024-05-01T00:00:00Z");
    let page = asked("?fromUtc=2024-06-01T00:00:00Z&limit=2&offset=1").await;
    assert_eq!(days(&page), ["2024-07-01", "2024-08-01"]);
    // 92 days before now, on 15 June 2026.
    assert_eq!(days(&asked("").await), ["2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"]);
    let _ = app.cancellation(&ann).send().await.expect(202);
    assert_eq!(days(&asked("").await).len(), 4, "also of somebody who has canceled");
}

async fn bad_times_of_invoices_are_refused(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    for query in [
        "fromUtc=2024-05-31T00:00:00Z",
        "toUtc=2024-06-01T00:00:00Z",
        "toUtc=2026-09-01T00:00:00Z",
        "fromUtc=yesterday",
        "toUtc=2026-13-01",
        "fromUtc=2026-02-01T00:00:00Z&toUtc=2026-01-01T00:00:00Z",
    ] {
        let path = format!("/subscriptions/{}/invoices?{query}", ann.organization);
        assert_eq!(app.get(&path).by(&ann).send().await.failed_rules(), ["PredicateValidator"]);
    }
}
