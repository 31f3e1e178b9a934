//! What is only looked at.

use super::*;

#[tokio::test]
async fn invoices_come_page_by_page() {
    let invoice = |id: &str| {
        format!(
            r#"{{"invoice":{{"id":"{id}","total":1234,"tax":34,"currency_code":"EUR","status":"paid",
            "price_type":"tax_inclusive","date":1782864000,
            "line_items":[{{"id":"li_1","date_from":1780272000,"date_to":1782864000,"amount":1200,
            "description":"Big","is_taxed":true,"tax_amount":34}}],
            "linked_payments":[{{"txn_id":"txn","applied_amount":1234,"txn_date":1782864000}}]}}}}"#
        )
    };
    let first = format!(r#"{{"list":[{}],"next_offset":"[\"1\"]"}}"#, invoice("1"));
    let (billing, running) = server(vec![ok(&first), listed(&invoice("2"))]).await;
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let (from, to) = (at("2026-06-01T00:00:00Z"), at("2026-07-01T00:00:00Z"));
    let all = billing.invoices(&state("active"), from, to, 1_000).await.unwrap();
    let json = serde_json::to_value(&all).unwrap();
    assert_eq!((&json[0]["id"], &json[1]["id"]), (&"1".into(), &"2".into()));
    assert_eq!(json[0]["amount"], 12.34);
    assert_eq!(json[0]["periodStartUtc"], "2026-06-01T00:00:00Z");
    assert_eq!(json[0]["payment"]["reference"], "txn");
    let heard = heard(running).await;
    assert!(heard[0].line.contains("date[between]=[1780272000,1782864000]"), "{heard:?}");
    assert!(heard[1].line.ends_with(r#"offset=["1"]"#), "{heard:?}");
}

#[tokio::test]
async fn invoices_are_the_oldest_first_whatever_comes_first() {
    let invoice =
        |(id, date): (&str, i64)| format!(r#"{{"invoice":{{"id":"{id}","date":{date}}}}}"#);
    let first: Vec<_> = [("c", 30), ("b", 20)].into_iter().map(invoice).collect();
    let first = format!(r#"{{"list":[{}],"next_offset":"2"}}"#, first.join(","));
    let second: Vec<_> = [("d", 10), ("a", 20)].into_iter().map(invoice).collect();
    let (billing, _running) = server(vec![ok(&first), listed(&second.join(","))]).await;
    let (from, to) = (Timestamp::MIN, Timestamp::parse("2026-07-01T00:00:00Z").unwrap());
    let all = billing.invoices(&state("active"), from, to, 1_000).await.unwrap();
    let ids: Vec<_> = all.iter().map(|invoice| invoice.id.as_str()).collect();
    assert_eq!(ids, ["d", "a", "b", "c"]);
}

#[tokio::test]
async fn plans_are_asked_for_once_an_hour() {
    let prices = r#"{"list":[
        {"item_price":{"id":"big-m","item_id":"big","item_type":"plan","price":900,"period":1,
            "period_unit":"month","currency_code":"USD","trial_period":14,"trial_period_unit":"day"}},
        {"item_price":{"id":"fee","item_id":"fee","item_type":"charge","price":50,"currency_code":"USD"}}
    ]}"#;
    let features = r#"{"list":[{"feature":{"id":"f","name":"Cars","description":"Many cars"}}]}"#;
    let attached = r#"{"attached_item":{"item_id":"fee","status":"active","charge_on_event":"subscription_creation"}}"#;
    let entitled = r#"{"entitlement":{"feature_id":"f","value":"true"}}"#;
    let answers = vec![ok(prices), ok(features), listed(attached), listed(entitled)];
    let (billing, _running) = server(answers).await;
    for _ in 0..2 {
        let plans = serde_json::to_value(billing.plans().await.unwrap()).unwrap();
        let plan = &plans["monthly"][0];
        assert_eq!(
            (&plan["id"], &plan["cost"], &plan["setupCost"]),
            (&"big-m".into(), &9.into(), &0.5.into())
        );
        assert_eq!(plan["trial"]["frequency"], 14);
        assert_eq!(plan["featureSection"][0]["features"][0]["description"], "Many cars");
        assert!(plans["annually"].as_array().unwrap().is_empty());
    }
}
