//! The rules of a subscription, each provoked.

mod chosen;

use super::*;
use crate::{
    kernel::testing::given,
    subscriptions::{Chargebee, ProviderState, SimpleProvider, chargebee::*},
};

mod unrouted;

fn organization() -> OrganizationId {
    OrganizationId::parse("org_aaaaaaaaaa").expect("valid")
}

fn user(name: &str) -> UserId {
    UserId::parse(&format!("user_{name}0000000")).expect("valid")
}

fn ann() -> UserId {
    user("ann")
}

fn bea() -> UserId {
    user("bea")
}

fn created() -> Vec<SubscriptionEvent> {
    Subscription::create(&organization(), &ann(), &SimpleProvider)
}

fn simple() -> ProviderState {
    SimpleProvider::subscribed(&ann(), 1)
}

fn chargebee() -> Chargebee {
    Chargebee { standard: vec!["small".into()], ..Chargebee::default() }
}

fn state(pairs: &[(&str, &str)]) -> ProviderState {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// As Chargebee has it, with this status and payment method.
fn charged(status: &str, payment: &str) -> ProviderState {
    state(&[
        (CUSTOMER_ID, "org_aaaaaaaaaa"),
        (SUBSCRIPTION_ID, "sub"),
        (SUBSCRIPTION_STATUS, status),
        (PLAN_ID, "small"),
        (PAYMENT_METHOD_STATUS, payment),
    ])
}

fn provider_changed(name: &str, state: ProviderState) -> SubscriptionEvent {
    let known = |key: &str| state.get(key).cloned();
    SubscriptionEvent::ProviderChanged {
        owning_entity_id: organization(),
        from_provider_name: None,
        to_provider_name: name.to_owned(),
        buyer_reference: known("BuyerId").or(known(CUSTOMER_ID)).expect("given"),
        subscription_reference: known(SUBSCRIPTION_ID),
        provider_state: state,
    }
}

fn complete() -> Vec<SubscriptionEvent> {
    created().into_iter().chain([provider_changed(SimpleProvider::NAME, simple())]).collect()
}

fn at_chargebee(state: ProviderState) -> Vec<SubscriptionEvent> {
    created().into_iter().chain([provider_changed(Chargebee::NAME, state)]).collect()
}

fn at_provider(
    it: &Subscription,
    change: ProviderChange,
    state: ProviderState,
) -> Result<Vec<SubscriptionEvent>, SubscriptionError> {
    let told = Provider { name: Chargebee::NAME.to_owned(), state };
    it.changed_by_provider(&chargebee(), &UserId::maintenance(), change, told)
}

fn refusals<T: std::fmt::Debug>(result: Result<T, SubscriptionError>) -> SubscriptionError {
    result.expect_err("refused")
}

#[test]
fn a_new_one_waits_for_its_provider() {
    let subscription = given::<Subscription>(created()).state();
    assert!(!subscription.is_complete());
    assert_eq!(subscription.owning_entity(), Some(&organization()));
    assert_eq!(subscription.buyer(), Some(&ann()));
    let nothing = crate::subscriptions::BillingDetails::default();
    assert_eq!(subscription.details(&SimpleProvider), nothing);
}

#[test]
fn the_provider_completes_it_once() {
    given::<Subscription>(created())
        .when(|it| it.complete(&SimpleProvider, simple()))
        .then([provider_changed(SimpleProvider::NAME, simple())]);
    given::<Subscription>(complete()).when(|it| it.complete(&SimpleProvider, simple())).then([]);
    given::<Subscription>([])
        .when(|it| it.complete(&SimpleProvider, simple()))
        .then_error(&SubscriptionError::NotCreated);
    given::<Subscription>(created())
        .when(|it| it.complete(&SimpleProvider, SimpleProvider::canceled(&simple())))
        .then_error(&SubscriptionError::IncompleteState);
}

#[test]
fn nothing_can_be_done_without_the_installed_provider() {
    for (events, expected) in [
        (created(), SubscriptionError::NoProvider),
        (at_chargebee(charged("active", "valid")), SubscriptionError::OtherProvider),
    ] {
        let it = given::<Subscription>(events).state();
        let refused = it.check_plan(&SimpleProvider, &ann(), Standing::BillingAdmin);
        assert_eq!(refusals(refused), expected);
        let refused = it.check_transfer(&SimpleProvider, &ann(), &bea(), Standing::BillingAdmin);
        assert_eq!(refusals(refused), expected);
        assert_eq!(refusals(it.check_cancel(&SimpleProvider, None)), expected);
    }
}

#[test]
fn the_buyer_changes_the_plan_if_it_can_pay() {
    let plan = |payment: &str, by: &UserId| {
        let it = given::<Subscription>(at_chargebee(charged("active", payment))).state();
        it.check_plan(&chargebee(), by, Standing::Member)
    };
    assert_eq!(plan("valid", &ann()), Ok(PlanChange::Change));
    assert_eq!(plan("valid", &UserId::maintenance()), Ok(PlanChange::Change));
    assert_eq!(plan("expired", &ann()), Err(SubscriptionError::NoPaymentMethod));
    assert_eq!(plan("valid", &bea()), Err(SubscriptionError::NotBillingAdmin));
}

#[test]
fn another_billing_admin_claims_only_what_was_given_up() {
    let claim = |status: &str, payment: &str, standing| {
        let it = given::<Subscription>(at_chargebee(charged(status, payment))).state();
        it.check_plan(&chargebee(), &bea(), standing)
    };
    assert_eq!(claim("cancelled", "valid", Standing::BillingAdmin), Ok(PlanChange::Claim));
    for status in ["active", "in_trial", "NonRenewing"] {
        let refused = claim(status, "valid", Standing::BillingAdmin);
        assert_eq!(refused, Err(SubscriptionError::NotClaimable), "{status}");
    }
    for (standing, payment, refused) in [
        (Standing::Stranger, "", SubscriptionError::NotMember),
        (Standing::Member, "", SubscriptionError::NotBillingAdmin),
        (Standing::BillingAdmin, "", SubscriptionError::NoPaymentMethod),
    ] {
        assert_eq!(claim("cancelled", payment, standing), Err(refused));
    }
}

#[test]
fn a_change_of_the_plan_keeps_the_buyer() {
    let changed = given::<Subscription>(complete())
        .when(|it| it.change_plan(&SimpleProvider, "another", simple()));
    changed.then([SubscriptionEvent::SubscriptionPlanChanged {
        plan_id: "another".into(),
        owning_entity_id: organization(),
        provider_name: SimpleProvider::NAME.into(),
        provider_state: simple(),
        buyer_reference: ann().to_string(),
        subscription_reference: simple().get("SubscriptionId").cloned(),
    }]);
}

#[test]
fn only_the_buyer_hands_it_over_and_only_to_who_can_pay() {
    let transfer = |payment: &str, by: &UserId, to: &UserId, standing| {
        let it = given::<Subscription>(at_chargebee(charged("active", payment))).state();
        it.check_transfer(&chargebee(), by, to, standing)
    };
    let admin = Standing::BillingAdmin;
    assert_eq!(transfer("valid", &ann(), &bea(), admin), Ok(()));
    for (by, to, standing, payment, refused) in [
        (bea(), bea(), admin, "valid", SubscriptionError::NotBuyer),
        (UserId::maintenance(), bea(), admin, "valid", SubscriptionError::NotBuyer),
        (ann(), ann(), admin, "valid", SubscriptionError::AlreadyBuyer),
        (ann(), bea(), Standing::Stranger, "valid", SubscriptionError::NotMember),
        (ann(), bea(), Standing::Member, "valid", SubscriptionError::NotTransferable),
        (ann(), bea(), admin, "invalid", SubscriptionError::NoPaymentMethod),
    ] {
        assert_eq!(transfer(payment, &by, &to, standing), Err(refused));
    }
}

#[test]
fn a_transfer_makes_another_buyer() {
    let mut it = given::<Subscription>(complete()).state();
    let state = SimpleProvider::subscribed(&bea(), 2);
    let events = it.transfer(&SimpleProvider, &bea(), None, state.clone()).expect("allowed");
    let [SubscriptionEvent::SubscriptionTransferred { plan_id, from_buyer_id, .. }] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((plan_id.as_str(), from_buyer_id), ("_simple_standard", &ann()));
    it.evolve(&events[0]);
    assert_eq!(it.buyer(), Some(&bea()));
    assert_eq!(it.buyer_reference(), Some(bea().as_str()));
    assert_eq!(it.provider().map(|provider| &provider.state), Some(&state));
    let named = it.transfer(&SimpleProvider, &ann(), Some("small"), state).expect("allowed");
    assert!(matches!(&named[0], SubscriptionEvent::SubscriptionTransferred { plan_id, .. }
        if plan_id == "small"));
}

#[test]
fn only_what_goes_on_is_canceled_and_only_by_its_buyer_or_an_operator() {
    let cancel = |status: &str, by: Option<&UserId>| {
        let it = given::<Subscription>(at_chargebee(charged(status, ""))).state();
        it.check_cancel(&chargebee(), by)
    };
    assert_eq!(cancel("active", Some(&ann())), Ok(()));
    assert_eq!(cancel("InTrial", None), Ok(()));
    assert_eq!(cancel("active", Some(&UserId::maintenance())), Ok(()));
    assert_eq!(cancel("active", Some(&bea())), Err(SubscriptionError::NotBuyer));
    for status in ["non_renewing", "cancelled", "unheard_of"] {
        assert_eq!(cancel(status, Some(&ann())), Err(SubscriptionError::NotCancelable));
        assert_eq!(cancel(status, None), Err(SubscriptionError::NotCancelable), "{status}");
    }
}

#[test]
fn a_cancellation_replaces_only_the_state() {
    let mut it = given::<Subscription>(complete()).state();
    let reference = it.subscription_reference().map(str::to_owned);
    let canceled = SimpleProvider::canceled(&simple());
    let events = it.cancel(&SimpleProvider, canceled.clone()).expect("allowed");
    it.evolve(&events[0]);
    assert_eq!(it.provider().map(|provider| &provider.state), Some(&canceled));
    assert_eq!(it.subscription_reference().map(str::to_owned), reference);
}

#[test]
fn what_the_provider_tells_is_taken_over_once() {
    let before = charged("active", "valid");
    let it = || given::<Subscription>(at_chargebee(before.clone()));
    it().when(|it| at_provider(it, ProviderChange::Plan, before.clone())).then([]);
    let mut spelled = before.clone();
    spelled.insert(SUBSCRIPTION_STATUS.into(), "Active".into());
    spelled.insert(SUBSCRIPTION_DELETED.into(), "false".into());
    it().when(|it| at_provider(it, ProviderChange::Plan, spelled)).then([]);
    let after = charged("cancelled", "valid");
    it().when(|it| at_provider(it, ProviderChange::Canceled, after.clone())).then([
        SubscriptionEvent::SubscriptionCanceled {
            owning_entity_id: organization(),
            provider_name: Chargebee::NAME.into(),
            provider_state: after.clone(),
        },
    ]);
    it().when(|it| at_provider(it, ProviderChange::PaymentMethod, after.clone())).then([
        SubscriptionEvent::PaymentMethodChanged {
            owning_entity_id: organization(),
            provider_name: Chargebee::NAME.into(),
            provider_state: after.clone(),
        },
    ]);
    it().when(|it| at_provider(it, ProviderChange::Plan, after.clone())).then([
        SubscriptionEvent::SubscriptionPlanChanged {
            plan_id: "small".into(),
            owning_entity_id: organization(),
            provider_name: Chargebee::NAME.into(),
            provider_state: after,
            buyer_reference: "org_aaaaaaaaaa".into(),
            subscription_reference: Some("sub".into()),
        },
    ]);
}

#[test]
fn a_newer_version_is_kept_even_if_it_is_the_same() {
    let told = |version: i64, status: &str| ToldSubscription {
        id: Some("sub".into()),
        status: Some(status.into()),
        resource_version: Some(version),
        ..ToldSubscription::default()
    };
    let mut it = given::<Subscription>(at_chargebee(charged("active", "valid"))).state();
    let mut tell = |told: ToldSubscription| {
        let current = it.provider().expect("given").state.clone();
        let events = at_provider(&it, ProviderChange::Plan, told.merged_into(&current));
        let events = events.expect("allowed");
        for event in &events {
            it.evolve(event);
        }
        events.len()
    };
    assert_eq!(tell(told(2, "active")), 1);
    assert_eq!(tell(told(2, "active")), 0);
    assert_eq!(tell(told(4, "active")), 1);
    assert_eq!(tell(told(3, "cancelled")), 0, "it is late");
    let unversioned = ToldSubscription { resource_version: None, ..told(0, "Active") };
    assert_eq!(tell(unversioned), 0);
}

#[test]
fn what_is_gone_at_the_provider_has_no_reference() {
    let mut it = given::<Subscription>(at_chargebee(charged("active", "valid"))).state();
    let gone = ToldSubscription { deleted: Some(true), ..ToldSubscription::default() }
        .merged_into(&charged("active", "valid"));
    let events = at_provider(&it, ProviderChange::Unsubscribed, gone).expect("allowed");
    it.evolve(&events[0]);
    assert_eq!((it.buyer_reference(), it.subscription_reference()), (Some("org_aaaaaaaaaa"), None));
}

#[test]
fn only_a_subscription_that_began_counts() {
    let mut it = given::<Subscription>(created()).state();
    assert_eq!(it.begun(), 0);
    let active = charged("active", "valid");
    it.evolve(&provider_changed(Chargebee::NAME, active.clone()));
    assert_eq!(it.begun(), 1);
    let mut changes = it.change_plan(&chargebee(), "small", active.clone()).expect("allowed");
    changes.extend(
        at_provider(&it, ProviderChange::PaymentMethod, charged("active", "")).expect("allowed"),
    );
    let gone = ToldSubscription { deleted: Some(true), ..ToldSubscription::default() }
        .merged_into(&active);
    changes.extend(at_provider(&it, ProviderChange::Unsubscribed, gone).expect("allowed"));
    for event in &changes {
        it.evolve(event);
        assert_eq!(it.begun(), 1, "{event:?}");
    }
    let mut again = active;
    again.insert(SUBSCRIPTION_ID.into(), "another".into());
    let events = it.change_plan(&chargebee(), "small", again).expect("allowed");
    it.evolve(&events[0]);
    assert_eq!(it.begun(), 2);
}

#[test]
fn only_the_own_provider_tells() {
    let it = given::<Subscription>(at_chargebee(charged("active", "valid"))).state();
    let told = |name: &str| Provider { name: name.to_owned(), state: charged("cancelled", "") };
    let change = ProviderChange::Canceled;
    let refused = it.changed_by_provider(&chargebee(), &ann(), change, told(Chargebee::NAME));
    assert_eq!(refusals(refused), SubscriptionError::NotProvider);
    let maintenance = UserId::maintenance();
    let refused = it.changed_by_provider(&chargebee(), &maintenance, change, told("another"));
    assert_eq!(refusals(refused), SubscriptionError::OtherProvider);
    let refused = it.check_restore(&chargebee(), &ann(), Chargebee::NAME);
    assert_eq!(refusals(refused), SubscriptionError::NotProvider);
    assert_eq!(it.check_restore(&chargebee(), &maintenance, Chargebee::NAME), Ok(()));
}

#[test]
fn a_restored_buyer_has_no_subscription() {
    let mut it = given::<Subscription>(at_chargebee(charged("active", "valid"))).state();
    let restored = state(&[(CUSTOMER_ID, "org_aaaaaaaaaa")]);
    let events = it.restore_buyer(&chargebee(), restored).expect("allowed");
    it.evolve(&events[0]);
    assert_eq!((it.buyer_reference(), it.subscription_reference()), (Some("org_aaaaaaaaaa"), None));
}

#[test]
fn it_moves_to_the_installed_provider_only() {
    let moved = |to: &str, state: ProviderState| {
        let it = given::<Subscription>(complete()).state();
        it.migrate(&chargebee(), Provider { name: to.to_owned(), state })
    };
    let state = charged("active", "valid");
    let events = moved("Chargebee_Billing", state.clone()).expect("allowed");
    let SubscriptionEvent::ProviderChanged { from_provider_name, to_provider_name, .. } =
        &events[0]
    else {
        panic!("{events:?}")
    };
    assert_eq!(from_provider_name.as_deref(), Some(SimpleProvider::NAME));
    assert_eq!(to_provider_name, Chargebee::NAME);
    for (to, state, refused) in [
        ("SIMPLE_billing_provider", state.clone(), SubscriptionError::SameProvider),
        ("another", state.clone(), SubscriptionError::OtherProvider),
        (Chargebee::NAME, simple(), SubscriptionError::IncompleteState),
    ] {
        assert_eq!(moved(to, state), Err(refused));
    }
}

#[test]
fn it_goes_with_its_organization() {
    let other = OrganizationId::parse("org_bbbbbbbbbb").expect("valid");
    given::<Subscription>(complete())
        .when(|it| it.delete(&ann(), &other))
        .then_error(&SubscriptionError::OtherOwner);
    let deleted = SubscriptionEvent::Deleted { deleted_by_id: ann() };
    given::<Subscription>(complete())
        .when(|it| it.delete(&ann(), &organization()))
        .then([deleted.clone()]);
    assert!(given::<Subscription>(complete().into_iter().chain([deleted])).state().is_deleted());
}
