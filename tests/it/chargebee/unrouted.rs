//! What is done with subscriptions that no route does.

use acceptance::TestApp;
use application::{
    Call, Caller,
    subscriptions::{change_payment_method::change_payment_method, unsubscribe::unsubscribe},
};
use serde_json::json;

super::with_chargebee_everywhere!(
    whoever_unsubscribes_has_nothing_and_can_come_back,
    what_goes_on_ends_only_for_who_need_not_ask,
    the_buyer_tells_the_provider_how_it_pays,
);

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

async fn whoever_unsubscribes_has_nothing_and_can_come_back(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    app.card(&ann.organization).await;
    let before = app.subscription(&ann).await;
    let trial = json!({
        "id": "ev_1", "event_type": "subscription_changed",
        "content": { "subscription": {
            "id": before["subscriptionReference"], "status": "in_trial",
        } },
    });
    let _ = app.chargebee(&trial).await.expect(200);
    let done = unsubscribe(app.ports(), &call(), &ann.organization, Some(&ann.user)).await.unwrap();
    app.settle().await;
    let last = app.log().rows().await.pop().unwrap();
    assert_eq!(last.event_type, "subscription_unsubscribed");
    let seen = app.subscription(&ann).await;
    assert_eq!(seen["status"], "unsubscribed");
    assert_eq!(seen["plan"]["tier"], "unsubscribed");
    assert_eq!(seen["buyerReference"], json!(ann.organization));
    assert!(seen.get("subscriptionReference").is_none(), "{seen}");
    assert_eq!(json!(done.state.provider().unwrap().state), seen["providerState"]);
    let back = app.plan(&ann, "apaid2").send().await.expect(202).json()["subscription"].clone();
    assert_eq!(back["status"], "activated");
    assert_ne!(back["subscriptionReference"], before["subscriptionReference"]);
}

async fn what_goes_on_ends_only_for_who_need_not_ask(app: &TestApp) {
    let (ann, bea) = (app.buyer("ann@company.com").await, app.buyer("bea@company.com").await);
    let (head, ports) = (app.head().await, app.ports());
    for (by, code) in [(&ann, "subscription_not_unsubscribable"), (&bea, "subscription_not_member")]
    {
        let refused = unsubscribe(ports, &call(), &ann.organization, Some(&by.user)).await;
        let application::Error::Refused { code: given, .. } = refused.unwrap_err() else {
            panic!("not refused")
        };
        assert_eq!(given, code);
    }
    assert_eq!(app.head().await, head);
    unsubscribe(ports, &call(), &ann.organization, None).await.unwrap();
    app.settle().await;
    assert_eq!(app.subscription(&ann).await["status"], "unsubscribed");
}

async fn the_buyer_tells_the_provider_how_it_pays(app: &TestApp) {
    let (ann, bea) = (app.buyer("ann@company.com").await, app.buyer("bea@company.com").await);
    let (head, ports) = (app.head().await, app.ports());
    let refused = change_payment_method(ports, &call(), &ann.organization, &bea.user).await;
    assert_eq!(refused.unwrap_err().to_string(), "only the buyer may do this");
    assert_eq!(app.head().await, head);
    change_payment_method(ports, &call(), &ann.organization, &ann.user).await.unwrap();
    app.settle().await;
    let last = app.log().rows().await.pop().unwrap();
    assert_eq!(last.event_type, "payment_method_changed");
    let seen = app.subscription(&ann).await;
    assert_eq!(seen["paymentMethod"], json!({ "status": "valid", "type": "card" }));
    let _ = app.plan(&ann, "apaid2").send().await.expect(202);
}
