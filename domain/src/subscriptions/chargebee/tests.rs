//! What Chargebee says in two spellings, and what that means.

use super::*;

fn state(pairs: &[(&str, &str)]) -> ProviderState {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn interpreter() -> Chargebee {
    Chargebee {
        standard: vec!["small".into(), "trial".into()],
        professional: vec!["big".into()],
        enterprise: vec!["huge".into()],
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("valid")
}

fn subscribed(status: &str) -> ProviderState {
    state(&[(SUBSCRIPTION_ID, "sub"), (SUBSCRIPTION_STATUS, status), (PLAN_ID, "big")])
}

#[test]
fn both_spellings_of_a_status_mean_the_same() {
    use SubscriptionStatus::{Activated, Canceled, Canceling, Unsubscribed};
    for (words, status, endable) in [
        (&["future", "Future"][..], Activated, false),
        (&["in_trial", "InTrial", "in trial"], Activated, true),
        (&["active", "Active"], Activated, false),
        (&["paused", "Paused"], Activated, false),
        (&["non_renewing", "NonRenewing", "non-renewing"], Canceling, false),
        (&["cancelled", "Cancelled", "canceled"], Canceled, true),
        (&["transferred", ""], Unsubscribed, true),
    ] {
        for word in words {
            let details = interpreter().details(&subscribed(word));
            assert_eq!((details.status, details.can_be_unsubscribed), (status, endable), "{word}");
            assert_eq!(details.plan.is_trial, word.to_lowercase().contains("trial"));
            let goes_on = matches!(status, Activated | Canceling);
            let tier = if goes_on { Tier::Professional } else { Tier::Unsubscribed };
            assert_eq!(details.plan.tier, tier, "{word}");
        }
    }
}

#[test]
fn without_a_subscription_only_the_payment_method_is_left() {
    let state = state(&[(CUSTOMER_ID, "c"), (PAYMENT_METHOD_STATUS, "VALID"), (PLAN_ID, "big")]);
    let payment_method = PaymentMethod { is_valid: true, kind: PaymentKind::Other };
    let expected = BillingDetails { payment_method, ..BillingDetails::default() };
    assert_eq!(interpreter().details(&state), expected);
    assert!(!expected.can_be_unsubscribed);
}

#[test]
fn what_is_deleted_is_not_there() {
    let mut state = subscribed("active");
    state.insert(SUBSCRIPTION_DELETED.into(), "True".into());
    let details = interpreter().details(&state);
    assert_eq!(details.status, SubscriptionStatus::Unsubscribed);
    assert!(details.can_be_unsubscribed);
}

#[test]
fn the_lists_of_plans_make_the_tiers() {
    for (plan, tier) in [
        ("small", Tier::Standard),
        ("trial", Tier::Standard),
        ("big", Tier::Professional),
        ("huge", Tier::Enterprise),
        ("unheard_of", Tier::Unsubscribed),
    ] {
        let mut state = subscribed("active");
        state.insert(PLAN_ID.into(), plan.into());
        assert_eq!(interpreter().details(&state).plan.tier, tier, "{plan}");
    }
}

#[test]
fn everything_else_is_read_as_far_as_it_can_be() {
    let mut full = subscribed("in_trial");
    full.extend(state(&[
        (TRIAL_END, "2026-07-01T00:00:00Z"),
        (CANCELED_AT, "1782864000"),
        (BILLING_PERIOD_VALUE, "3"),
        (BILLING_PERIOD_UNIT, "Month"),
        (BILLING_AMOUNT, "12345"),
        (CURRENCY_CODE, "KWD"),
        (NEXT_BILLING_AT, "2026-08-01T00:00:00Z"),
        (PAYMENT_METHOD_STATUS, "valid"),
        (PAYMENT_METHOD_TYPE, "Card"),
    ]));
    let details = interpreter().details(&full);
    assert_eq!(details.plan.trial_end, Some(at("2026-07-01T00:00:00Z")));
    assert_eq!(details.canceled_at, Some(at("2026-07-01T00:00:00Z")));
    assert_eq!(details.period, Period { frequency: 3, unit: PeriodUnit::Month });
    assert_eq!(details.invoice.amount, Amount::of_minor(12_345, "KWD"));
    assert_eq!(details.invoice.next, Some(at("2026-08-01T00:00:00Z")));
    assert_eq!(details.payment_method, PaymentMethod { is_valid: true, kind: PaymentKind::Card });
    let mut odd = subscribed("active");
    for key in [TRIAL_END, CANCELED_AT, BILLING_PERIOD_VALUE, BILLING_AMOUNT, NEXT_BILLING_AT] {
        odd.insert(key.into(), "nonsense".into());
    }
    let details = interpreter().details(&odd);
    assert_eq!((details.plan.trial_end, details.canceled_at), (None, None));
    let nothing = NextInvoice { amount: Amount::of_minor(0, "USD"), ..NextInvoice::default() };
    assert_eq!((details.period, details.invoice), (Period::default(), nothing));
}

#[test]
fn a_subscription_begins_with_customer_and_subscription() {
    let both = state(&[(CUSTOMER_ID, "c"), (SUBSCRIPTION_ID, "s")]);
    assert_eq!(interpreter().check_initial(&both), Ok(()));
    for missing in [CUSTOMER_ID, SUBSCRIPTION_ID] {
        let mut state = both.clone();
        state.remove(missing);
        let refused = interpreter().check_initial(&state);
        assert_eq!(refused, Err(SubscriptionError::IncompleteState));
    }
}

#[test]
fn what_is_told_is_merged_and_marks_of_an_end_go_with_the_end() {
    let before = state(&[
        (CUSTOMER_ID, "c"),
        (SUBSCRIPTION_ID, "s"),
        (SUBSCRIPTION_STATUS, "cancelled"),
        (CANCELED_AT, "2026-07-01T00:00:00Z"),
        (TRIAL_END, "2026-07-01T00:00:00Z"),
        (PAYMENT_METHOD_STATUS, "valid"),
    ]);
    let told = ToldSubscription {
        id: Some("s".into()),
        status: Some("active".into()),
        next_billing_at: Some(1_782_864_000),
        subscription_items: vec![
            ToldItem { item_price_id: Some("big".into()), amount: Some(500) },
            ToldItem { item_price_id: Some("more".into()), amount: Some(1) },
        ],
        ..ToldSubscription::default()
    };
    assert_eq!(
        told.merged_into(&before),
        state(&[
            (CUSTOMER_ID, "c"),
            (SUBSCRIPTION_ID, "s"),
            (SUBSCRIPTION_STATUS, "active"),
            (SUBSCRIPTION_DELETED, "false"),
            (PLAN_ID, "big"),
            (BILLING_AMOUNT, "500"),
            (NEXT_BILLING_AT, "2026-07-01T00:00:00Z"),
            (PAYMENT_METHOD_STATUS, "valid"),
        ])
    );
}

#[test]
fn a_deletion_leaves_the_customer() {
    let before = state(&[(CUSTOMER_ID, "c"), (SUBSCRIPTION_ID, "s"), (PLAN_ID, "big")]);
    let told = ToldSubscription { deleted: Some(true), ..ToldSubscription::default() };
    let after = told.merged_into(&before);
    let expected = [(CUSTOMER_ID, "c"), (PLAN_ID, "big"), (SUBSCRIPTION_DELETED, "true")];
    assert_eq!(after, state(&expected));
    assert_eq!(status(&after), SubscriptionStatus::Unsubscribed);
    let back = ToldSubscription { id: Some("t".into()), ..ToldSubscription::default() };
    assert_eq!(
        back.merged_into(&after).get(SUBSCRIPTION_DELETED).map(String::as_str),
        Some("false")
    );
}

#[test]
fn what_is_older_than_what_is_known_changes_nothing() {
    let told = |version: i64, status: &str| ToldSubscription {
        id: Some("s".into()),
        status: Some(status.into()),
        resource_version: Some(version),
        ..ToldSubscription::default()
    };
    let known = told(2, "active").merged_into(&ProviderState::new());
    assert_eq!(told(1, "cancelled").merged_into(&known), known);
    let newer = told(3, "cancelled").merged_into(&known);
    assert_eq!(status(&newer), SubscriptionStatus::Canceled);
    let customer = |version: i64, status: Option<&str>| ToldCustomer {
        id: Some("c".into()),
        payment_method: status
            .map(|status| ToldPaymentMethod { status: Some(status.into()), kind: None }),
        resource_version: Some(version),
    };
    let known = customer(2, Some("valid")).merged_into(&newer);
    assert_eq!(customer(1, Some("expired")).merged_into(&known), known);
    assert_eq!(customer(1, None).paying(&known), known, "it is late");
    assert_eq!(customer(2, None).merged_into(&known), known, "what is not told stays");
    assert!(!payment_method(&customer(2, None).paying(&known)).is_valid);
    let expired = customer(3, Some("expired"));
    assert_eq!(expired.paying(&known), expired.merged_into(&known));
}
