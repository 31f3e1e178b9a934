//! The rules of a subscription, each provoked.

use super::*;
use crate::kernel::testing::given;

fn organization() -> OrganizationId {
    OrganizationId::parse("org_aaaaaaaaaa").expect("valid")
}

fn buyer() -> UserId {
    UserId::parse("user_ann0000000").expect("valid")
}

fn created() -> Vec<SubscriptionEvent> {
    Subscription::create(&organization(), &buyer(), None).expect("nothing to refuse")
}

fn provider() -> Provider {
    SimpleProvider::subscribe(&buyer(), 1)
}

fn provider_changed() -> SubscriptionEvent {
    SubscriptionEvent::ProviderChanged {
        owning_entity_id: organization(),
        from_provider_name: None,
        to_provider_name: "simple_billing_provider".into(),
        provider_state: provider().state,
        buyer_reference: "user_ann0000000".into(),
        subscription_reference: Some("simplesub_00000000000000000000000000000001".into()),
    }
}

#[test]
fn a_new_one_waits_for_its_provider() {
    let subscription = given::<Subscription>(created()).state();
    assert!(!subscription.is_complete());
    assert_eq!(subscription.owning_entity(), Some(&organization()));
    assert_eq!(subscription.buyer(), Some(&buyer()));
}

#[test]
fn the_provider_completes_it_once() {
    given::<Subscription>(created()).when(|it| it.complete(provider())).then([provider_changed()]);
    let complete = created().into_iter().chain([provider_changed()]);
    given::<Subscription>(complete).when(|it| it.complete(provider())).then([]);
}

#[test]
fn it_may_begin_complete() {
    let both: Vec<_> = created().into_iter().chain([provider_changed()]).collect();
    assert_eq!(Subscription::create(&organization(), &buyer(), Some(provider())), Ok(both));
}

#[test]
fn the_provider_must_be_the_installed_one() {
    let other = Provider { name: "other".into(), ..provider() };
    given::<Subscription>(created())
        .when(|it| it.complete(other))
        .then_error(&SubscriptionError::OtherProvider);
}

#[test]
fn the_state_must_name_buyer_and_subscription() {
    for missing in ["BuyerId", "SubscriptionId"] {
        let mut incomplete = provider();
        incomplete.state.remove(missing);
        given::<Subscription>(created())
            .when(|it| it.complete(incomplete))
            .then_error(&SubscriptionError::IncompleteState);
    }
}

#[test]
fn what_is_not_there_can_not_be_completed() {
    given::<Subscription>([])
        .when(|it| it.complete(provider()))
        .then_error(&SubscriptionError::NotCreated);
}
