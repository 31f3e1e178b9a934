//! What can be done with a subscription that no route does.

use super::*;

fn unsubscribe(status: &str, by: Option<(&UserId, Standing)>) -> Result<(), SubscriptionError> {
    let it = given::<Subscription>(at_chargebee(charged(status, ""))).state();
    it.check_unsubscribe(&chargebee(), by)
}

#[test]
fn only_the_buyer_ends_it_for_good_and_only_what_can_end() {
    let (member, stranger) = (Standing::BillingAdmin, Standing::Stranger);
    for status in ["in_trial", "cancelled"] {
        for by in [ann(), UserId::maintenance()] {
            assert_eq!(unsubscribe(status, Some((&by, stranger))), Ok(()), "{status}");
        }
    }
    for (by, standing, status, refused) in [
        (bea(), stranger, "active", SubscriptionError::NotMember),
        (bea(), member, "active", SubscriptionError::NotBuyer),
        (bea(), Standing::Member, "in_trial", SubscriptionError::NotBuyer),
        (ann(), member, "active", SubscriptionError::NotUnsubscribable),
        (ann(), member, "non_renewing", SubscriptionError::NotUnsubscribable),
    ] {
        assert_eq!(unsubscribe(status, Some((&by, standing))), Err(refused), "{status}");
    }
    assert_eq!(unsubscribe("active", None), Ok(()), "nobody asks whether it may");
}

#[test]
fn whoever_has_unsubscribed_has_no_reference() {
    let before = charged("in_trial", "valid");
    let after = unsubscribed(before.clone());
    let unsubscribed = SubscriptionEvent::SubscriptionUnsubscribed {
        owning_entity_id: organization(),
        provider_name: Chargebee::NAME.into(),
        provider_state: after.clone(),
    };
    given::<Subscription>(at_chargebee(before.clone()))
        .when(|it| it.unsubscribe(&chargebee(), after.clone()))
        .then([unsubscribed.clone()]);
    let it = given::<Subscription>(at_chargebee(before).into_iter().chain([unsubscribed])).state();
    assert_eq!((it.buyer_reference(), it.subscription_reference()), (Some("org_aaaaaaaaaa"), None));
    let details = it.details(&chargebee());
    assert_eq!(details.status, crate::subscriptions::SubscriptionStatus::Unsubscribed);
    assert!(details.payment_method.is_valid, "it can begin again");
}

#[test]
fn only_the_buyer_pays_in_another_way() {
    let it = given::<Subscription>(at_chargebee(charged("active", ""))).state();
    for by in [ann(), UserId::maintenance()] {
        assert_eq!(it.check_payment_method(&chargebee(), &by), Ok(()));
    }
    let refused = it.check_payment_method(&chargebee(), &bea());
    assert_eq!(refused, Err(SubscriptionError::NotBuyer));
}

#[test]
fn another_way_to_pay_replaces_only_the_state() {
    let after = charged("active", "valid");
    let changed = SubscriptionEvent::PaymentMethodChanged {
        owning_entity_id: organization(),
        provider_name: Chargebee::NAME.into(),
        provider_state: after.clone(),
    };
    given::<Subscription>(at_chargebee(charged("active", "")))
        .when(|it| it.change_payment_method(&chargebee(), after.clone()))
        .then([changed.clone()]);
    let events = at_chargebee(charged("active", "")).into_iter().chain([changed]);
    let it = given::<Subscription>(events).state();
    assert_eq!(it.provider().map(|provider| &provider.state), Some(&after));
    assert_eq!(it.subscription_reference(), Some("sub"));
}

#[test]
fn neither_can_be_done_without_the_installed_provider() {
    for (events, expected) in [
        (created(), SubscriptionError::NoProvider),
        (at_chargebee(charged("in_trial", "valid")), SubscriptionError::OtherProvider),
    ] {
        let it = given::<Subscription>(events).state();
        assert_eq!(it.check_unsubscribe(&SimpleProvider, None), Err(expected));
        assert_eq!(it.check_payment_method(&SimpleProvider, &ann()), Err(expected));
        assert_eq!(it.unsubscribe(&SimpleProvider, simple()), Err(expected));
        assert_eq!(it.change_payment_method(&SimpleProvider, simple()), Err(expected));
    }
}
