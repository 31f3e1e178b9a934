//! Subscriptions that end, and how they are paid for until then.

use super::*;

#[tokio::test]
async fn a_cancellation_is_asked_for_once() {
    for (ending, status, word) in
        [(Ending::EndOfTerm, "non_renewing", "true"), (Ending::Immediately, "cancelled", "false")]
    {
        let answers =
            vec![listed(&subscription("active", "atrial")), ok(&subscription(status, "atrial"))];
        let (billing, running) = server(answers).await;
        let after = billing.cancel(&attempt("a/1"), &state("active"), ending).await.unwrap();
        assert_eq!(after["SubscriptionStatus"], status);
        let heard = heard(running).await;
        assert_eq!(heard[1].line, "POST /api/v2/subscriptions/sub/cancel_for_items");
        assert_eq!(heard[1].body, format!("end_of_term={word}"));
        let (billing, _running) = server(vec![listed(&subscription(status, "atrial"))]).await;
        let again = billing.cancel(&attempt("a/1"), &state("active"), ending).await.unwrap();
        assert_eq!(again["SubscriptionStatus"], status);
    }
}

#[tokio::test]
async fn whoever_unsubscribes_is_canceled_at_once_and_forgotten() {
    for status in ["in_trial", "active", "non_renewing"] {
        let answers =
            vec![listed(&subscription(status, "atrial")), ok(&subscription("cancelled", "atrial"))];
        let (billing, running) = server(answers).await;
        let after = billing.unsubscribe(&attempt("a/1"), &state("active")).await.unwrap();
        assert_eq!(chargebee::status(&after), SubscriptionStatus::Unsubscribed);
        assert_eq!(
            (after.get("SubscriptionId"), after["CustomerId"].as_str()),
            (None, "org_aaaaaaaaaa")
        );
        let heard = heard(running).await;
        assert_eq!(heard[1].line, "POST /api/v2/subscriptions/sub/cancel_for_items");
        assert_eq!(heard[1].body, "end_of_term=false");
    }
    // What is over or gone there needs no command, and what is gone here no question.
    for answer in [listed(&subscription("cancelled", "atrial")), ok(NOBODY)] {
        let (billing, running) = server(vec![answer]).await;
        let after = billing.unsubscribe(&attempt("a/1"), &state("active")).await.unwrap();
        assert_eq!(after.get("SubscriptionId"), None);
        assert_eq!(heard(running).await.len(), 1);
        let (billing, _running) = server(vec![]).await;
        assert_eq!(billing.unsubscribe(&attempt("a/1"), &after).await.unwrap(), after);
    }
}

#[tokio::test]
async fn how_somebody_pays_is_what_the_provider_knows() {
    let card = r#"{"customer":{"id":"org_aaaaaaaaaa",
        "payment_method":{"type":"card","status":"valid"}}}"#;
    let mut before = state("active");
    before.remove("PaymentMethodStatus");
    let (billing, running) = server(vec![listed(card), listed(CUSTOMER), ok(NOBODY)]).await;
    let after = billing.change_payment_method(&before).await.unwrap();
    assert_eq!(
        (after["PaymentMethodStatus"].as_str(), after["PaymentMethodType"].as_str()),
        ("valid", "card")
    );
    assert_eq!(
        billing.change_payment_method(&after).await.unwrap(),
        before,
        "it has none any more"
    );
    let error = billing.change_payment_method(&after).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::NotFound));
    let heard = heard(running).await;
    assert_eq!(heard[0].line, "GET /api/v2/customers?id[is]=org_aaaaaaaaaa&limit=1");
}
