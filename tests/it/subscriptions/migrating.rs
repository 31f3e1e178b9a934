//! Moving subscriptions to another provider.

use acceptance::{Deployment, TestApp, on_every_deployment, run_with};
use serde_json::{Value, json};

on_every_deployment!(what_could_be_moved_is_listed_with_its_buyer, nothing_moves_where_it_is);

#[test]
fn the_newly_installed_provider_takes_over() {
    run_with(Deployment::Postgres, |settings| settings, moves);
}

async fn exported(app: &TestApp, query: &str) -> Value {
    let request = app.get(&format!("/subscriptions/export{query}"));
    let answer = request.header("x-hmac-signature", &app.hmac.sign(b"{}"));
    answer.send().await.expect(200).json()
}

async fn what_could_be_moved_is_listed_with_its_buyer(app: &TestApp) {
    let _ = app.get("/subscriptions/export").send().await.problem(401);
    let _ = app.get("/subscriptions/export").by(&app.operator()).send().await.problem(401);
    let ann = app.buyer("ann@company.com").await;
    let bea = app.buyer("bea@company.com").await;
    let contact = json!({ "city": "Auckland", "zip": "1010" });
    let path = format!("/profiles/{}/contact", ann.user);
    let _ = app.put(&path).by(&ann).json(&contact).send().await.expect(202);
    let found = exported(app, "").await;
    assert_eq!(found["metadata"]["total"], 2);
    let first = &found["subscriptions"][0];
    assert_eq!(first["id"], json!(ann.user.twin("billsub")));
    assert_eq!(first["providerName"], "simple_billing_provider");
    assert_eq!(first["providerState"]["BuyerId"], json!(ann.user));
    assert_eq!(
        first["buyer"],
        json!({
            "Id": ann.user,
            "EmailAddress": "ann@company.com",
            "Name": r#"{"FirstName":"Ann","LastName":"Miller"}"#,
            "Subscriber":
                format!(r#"{{"EntityId":"{}","EntityType":"Organization"}}"#, ann.organization),
            "Address": r#"{"City":"Auckland","CountryCode":"NZL","Line1":"","Line2":"","Line3":"","State":"","Zip":"1010"}"#,
        })
    );
    let second = exported(app, "?limit=1&offset=1").await;
    assert_eq!(second["subscriptions"][0]["buyerId"], json!(bea.user));
    let another = app.post("/organizations").by(&ann).json(&json!({ "name": "Acme" }));
    let _ = another.send().await.expect(200);
    app.settle().await;
    let all = exported(app, "").await["subscriptions"].as_array().unwrap().clone();
    let of_ann = all.iter().filter(|one| one["buyerId"] == json!(ann.user));
    let emails: Vec<_> = of_ann.map(|one| &one["buyer"]["EmailAddress"]).collect();
    assert_eq!(emails, ["ann@company.com"; 2], "she pays for both");
    let bad = app.get("/subscriptions/export?limit=1001");
    let bad = bad.header("x-hmac-signature", &app.hmac.sign(b"{}")).send().await;
    let _ = bad.problem(400);
}

async fn nothing_moves_where_it_is(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let path = format!("/subscriptions/{}/migrate", ann.organization);
    let to = |name: &str| json!({ "providerName": name, "providerState": { "BuyerId": "b" } });
    let operator = app.operator();
    let head = app.head().await;
    let _ = app.put(&path).json(&to("x")).send().await.problem(401);
    let _ = app.put(&path).by(&ann).json(&to("x")).send().await.problem(403);
    for (name, code) in [
        ("Simple_Billing_Provider", "subscription_same_provider"),
        ("chargebee_billing", "subscription_other_provider"),
    ] {
        let refused = app.put(&path).by(&operator).json(&to(name)).send().await.problem(400);
        assert_eq!(refused["code"], code);
        let body = to(name).to_string();
        let signature = app.hmac.sign(body.as_bytes());
        let signed = app.put(&path).header("x-hmac-signature", &signature);
        let refused = signed.body("application/json", body).send().await.problem(400);
        assert_eq!(refused["code"], code);
    }
    let forged = app.put(&path).by(&operator).header("x-hmac-signature", "sha256=00");
    let _ = forged.json(&to("x")).send().await.problem(401);
    for body in [json!({}), json!({ "providerName": "<", "providerState": {} })] {
        let answer = app.put(&path).by(&operator).json(&body).send().await;
        assert_eq!(answer.failed_rules().len(), 2);
    }
    let nobody = format!("/subscriptions/{}/migrate", app.organization());
    let _ = app.put(&nobody).by(&operator).json(&to("x")).send().await.problem(404);
    assert_eq!(app.head().await, head);
}

async fn moves(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let newer = app.start_beside_with(|settings| settings.with("GROUNDWORK_BILLING", "chargebee"));
    let newer = newer.await;
    let path = format!("/subscriptions/{}", ann.organization);
    let seen = newer.get(&path).by(&ann).send().await.expect(200).json()["subscription"].clone();
    assert_eq!(
        (&seen["status"], &seen["plan"]["tier"]),
        (&json!("unsubscribed"), &json!("unsubscribed"))
    );
    let refused = newer.plan(&ann, "apaid2").send().await.problem(400);
    assert_eq!(refused["code"], "subscription_other_provider");
    let state = json!({
        "CustomerId": "a customer", "SubscriptionId": "asubscription",
        "SubscriptionStatus": "Active", "PlanId": "apaid2",
    });
    let body = json!({ "providerName": "chargebee_billing", "providerState": state });
    let moved = newer.put(&format!("{path}/migrate")).by(&newer.operator()).json(&body);
    let moved = moved.send().await.expect(202).json()["subscription"].clone();
    assert_eq!(
        moved,
        json!({
            "id": ann.user.twin("billsub"),
            "owningEntityId": ann.organization,
            "buyerId": ann.user,
            "providerName": "chargebee_billing",
            "providerState": state,
        })
    );
    let seen = newer.get(&path).by(&ann).send().await.expect(200).json()["subscription"].clone();
    assert_eq!(
        (&seen["status"], &seen["plan"]["tier"]),
        (&json!("activated"), &json!("professional"))
    );
    newer.finish().await;
}
