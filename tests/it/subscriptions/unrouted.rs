//! What is done with subscriptions that no route does.

use acceptance::{TestApp, on_every_deployment};
use application::{
    Call, Caller,
    subscriptions::{change_payment_method::change_payment_method, unsubscribe::unsubscribe},
};
use serde_json::json;

on_every_deployment!(whoever_unsubscribes_keeps_only_the_buyer, there_is_no_other_way_to_pay,);

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

async fn whoever_unsubscribes_keeps_only_the_buyer(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    unsubscribe(app.ports(), &call(), &ann.organization, Some(&ann.user)).await.unwrap();
    app.settle().await;
    let seen = app.subscription(&ann).await;
    assert_eq!(
        (&seen["status"], &seen["canBeUnsubscribed"]),
        (&json!("unsubscribed"), &json!(true))
    );
    assert_eq!(seen["providerState"], json!({ "BuyerId": ann.user }));
    assert!(seen.get("subscriptionReference").is_none(), "{seen}");
}

async fn there_is_no_other_way_to_pay(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let before = app.subscription(&ann).await;
    change_payment_method(app.ports(), &call(), &ann.organization, &ann.user).await.unwrap();
    app.settle().await;
    assert_eq!(app.subscription(&ann).await, before);
    let last = app.log().rows().await.pop().unwrap();
    assert_eq!(last.event_type, "payment_method_changed");
}
