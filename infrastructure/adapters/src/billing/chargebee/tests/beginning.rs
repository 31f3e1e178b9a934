//! Customers and subscriptions that begin.

use super::*;

#[tokio::test]
async fn a_new_buyer_gets_a_customer_and_a_subscription() {
    let answers = vec![ok(NOBODY), ok(CUSTOMER), ok(&subscription("in_trial", "atrial"))];
    let (billing, running) = server(answers).await;
    let state = billing.subscribe(&attempt("billsub_a/1"), &ann()).await.unwrap();
    assert_eq!(state["SubscriptionStatus"], "in_trial");
    assert_eq!(state["PlanId"], "atrial");
    let heard = heard(running).await;
    assert_eq!(
        lines(&heard),
        [
            "GET /api/v2/customers?id[is]=org_aaaaaaaaaa&limit=1",
            "POST /api/v2/customers",
            "POST /api/v2/customers/org_aaaaaaaaaa/subscription_for_items",
        ]
    );
    for field in [
        "id=org_aaaaaaaaaa&",
        "first_name=Ann&last_name=O’Neil & Co&email=ann@company.com&company=org_aaaaaaaaaa",
        r#"meta_data={"BuyerId":"user_ann0000000","OrganizationId":"org_aaaaaaaaaa"}"#,
        "billing_address[city]=Auckland",
        "billing_address[country]=US",
    ] {
        assert!(heard[1].body.contains(field), "{field}: {}", heard[1].body);
    }
    let made = &heard[2].body;
    assert!(made.contains("subscription_items[item_price_id][0]=atrial"), "{made}");
    assert!(!made.contains("trial_end"), "{made}");
    let id = made.strip_prefix("id=").unwrap().split('&').next().unwrap();
    assert!(id.starts_with("org_aaaaaaaaaa.") && id.len() <= 50, "{id}");
}

#[tokio::test]
async fn the_same_attempt_finds_what_it_made() {
    let duplicate = r#"{"api_error_code":"duplicate_entry","message":"ann@company.com"}"#;
    let answers = || {
        vec![
            listed(CUSTOMER),
            ok(CUSTOMER),
            ok(CUSTOMER),
            (400, duplicate.to_owned()),
            listed(&subscription("active", "atrial")),
        ]
    };
    let mut made = vec![];
    for _ in 0..2 {
        let (billing, running) = server(answers()).await;
        let state = billing.subscribe(&attempt("billsub_a/1"), &ann()).await.unwrap();
        assert_eq!(state["SubscriptionId"], "sub");
        made.push(heard(running).await);
    }
    let keys = |heard: &[Asked]| heard.iter().map(|asked| asked.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&made[0]), keys(&made[1]));
    assert_eq!(made[0][3].body, made[1][3].body);
    let distinct: std::collections::BTreeSet<_> =
        made[0].iter().map(|asked| &asked.key).filter(|key| !key.is_empty()).collect();
    assert_eq!(distinct.len(), 3, "each command has its own");
}

#[tokio::test]
async fn what_an_earlier_attempt_began_is_adopted() {
    let mut gone = state("active");
    gone.remove("SubscriptionId");
    let duplicate = r#"{"api_error_code":"duplicate_entry"}"#;
    let mut ids = vec![];
    for change in ["a/1", "a/2"] {
        let answers = vec![
            (400, duplicate.to_owned()),
            listed(&subscription("active", "atrial")),
            ok(&subscription("active", "big")),
        ];
        let (billing, running) = server(answers).await;
        let after = billing.change_plan(&attempt(change), &gone, "big").await.unwrap();
        assert_eq!(after["SubscriptionId"], "sub");
        let body = heard(running).await.remove(0).body;
        ids.push(body.split('&').next().unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1], "another event in between begins no second one");
}

/// The id that a subscription was asked for with.
fn id(asked: &Asked) -> &str {
    asked.body.strip_prefix("id=").unwrap().split('&').next().unwrap()
}

#[tokio::test]
async fn what_was_deleted_before_anybody_knew_of_it_begins_anew() {
    const REPEATED: &str = "Chargebee-Idempotency-Replayed: true\r\n";
    let made = || (200, "", subscription("active", "atrial"));
    let gone = || (200, "", NOBODY.to_owned());
    let deleted = r#"{"subscription":{"id":"sub","status":"cancelled","deleted":true}}"#;
    let deleted = || (200, "", listed(deleted).1);
    for (first, looked) in [
        ((400, "", r#"{"api_error_code":"duplicate_entry"}"#.to_owned()), gone()),
        ((400, "", r#"{"api_error_code":"duplicate_entry"}"#.to_owned()), deleted()),
        ((200, REPEATED, subscription("active", "atrial")), gone()),
    ] {
        let mut lapsed = state("active");
        lapsed.remove("SubscriptionId");
        let answers = vec![first, looked, made(), (200, "", subscription("active", "big"))];
        let (billing, running) = server_with(answers).await;
        let after = billing.change_plan(&attempt("a/1"), &lapsed, "big").await.unwrap();
        assert_eq!(after["SubscriptionId"], "sub");
        let heard = heard(running).await;
        assert!(heard[1].line.contains(&format!("id[is]={}", id(&heard[0]))), "{heard:?}");
        assert_ne!(id(&heard[0]), id(&heard[2]));
        assert_eq!(
            heard[0].body.split_once('&').unwrap().1,
            heard[2].body.split_once('&').unwrap().1
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_repeated_is_believed_if_the_subscription_is_still_there() {
    const REPEATED: &str = "chargebee-idempotency-replayed: true\r\n";
    let now = listed(&subscription("active", "since"));
    let answers = vec![
        (200, "", NOBODY.to_owned()),
        (200, REPEATED, CUSTOMER.to_owned()),
        (200, REPEATED, subscription("in_trial", "atrial")),
        (now.0, "", now.1),
    ];
    let (billing, running) = server_with(answers).await;
    let state = billing.subscribe(&attempt("billsub_a/1"), &ann()).await.unwrap();
    assert_eq!(state["PlanId"], "since", "as it is now");
    assert_eq!(heard(running).await.len(), 4);
}

#[tokio::test]
async fn subscriptions_that_are_gone_again_and_again_are_given_up() {
    let mut lapsed = state("active");
    lapsed.remove("SubscriptionId");
    let one = || [(400, r#"{"api_error_code":"duplicate_entry"}"#.to_owned()), ok(NOBODY)];
    let (billing, running) = server([one(), one(), one(), one()].concat()).await;
    let error = billing.change_plan(&attempt("a/1"), &lapsed, "big").await.unwrap_err();
    assert_eq!(error.kind(), None);
    assert_eq!(heard(running).await.len(), 8);
}

#[tokio::test]
async fn a_provider_is_there_if_anybody_is_served() {
    let away = || (503, String::new());
    for (answers, there) in [
        (vec![ok(NOBODY)], true),
        (vec![away(), ok(NOBODY)], true),
        (vec![away(), away()], false),
        (vec![(401, "{}".to_owned())], false),
    ] {
        let (billing, running) = server(answers).await;
        assert_eq!(billing.is_there().await, there);
        let asked = heard(running).await.remove(0);
        assert_eq!(asked.line, "GET /api/v2/item_prices?item_family_id[is]=afamily&limit=1");
    }
}
