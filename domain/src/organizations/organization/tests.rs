//! The rules of an organization, each provoked.

mod members;
mod roles;
mod settings;

use super::*;
use crate::kernel::{EmailAddress, PersonName, testing::given};

fn user(name: &str) -> UserId {
    UserId::parse(&format!("user_{name}0000000")).expect("valid")
}

fn ann() -> UserId {
    user("ann")
}

fn bea() -> UserId {
    user("bea")
}

fn subscription() -> SubscriptionId {
    SubscriptionId::parse("billsub_aaaaaaaaaa").expect("valid")
}

fn personal(first: &str, last: Option<&str>) -> NewOrganization {
    let name = PersonName::new(first, last).expect("valid");
    NewOrganization::personal(&ann(), &name, "test")
}

/// Ann's own.
fn own() -> Vec<OrganizationEvent> {
    Organization::create(personal("Ann", Some("Miller")))
}

/// Founded and paid by Ann.
fn shared() -> Vec<OrganizationEvent> {
    let mut events = Organization::create(NewOrganization::shared(&ann(), "Acme", "test"));
    events.extend([
        joined(&ann()),
        OrganizationEvent::BillingSubscribed {
            subscription_id: subscription(),
            subscriber_id: ann(),
        },
    ]);
    events
}

/// The same, with Bea and what happened since.
fn with_bea(since: impl IntoIterator<Item = OrganizationEvent>) -> Vec<OrganizationEvent> {
    shared().into_iter().chain([joined(&bea())]).chain(since).collect()
}

fn joined(user: &UserId) -> OrganizationEvent {
    OrganizationEvent::MembershipAdded { user_id: user.clone() }
}

fn left(user: &UserId) -> OrganizationEvent {
    OrganizationEvent::MembershipRemoved { user_id: user.clone() }
}

fn un_invited(user: &UserId) -> OrganizationEvent {
    OrganizationEvent::MemberUnInvited { uninvited_by_id: ann(), uninvited_id: user.clone() }
}

fn assigned(role: Role) -> OrganizationEvent {
    OrganizationEvent::RoleAssigned { assigned_by_id: ann(), user_id: bea(), role }
}

fn transferred(from: &UserId, to: &UserId) -> OrganizationEvent {
    OrganizationEvent::BillingSubscriberChanged {
        from_subscriber_id: from.clone(),
        to_subscriber_id: to.clone(),
    }
}

#[test]
fn a_personal_one_bears_the_name_of_its_user() {
    let organization = given::<Organization>(own()).state();
    assert_eq!(organization.name(), "Ann Miller");
    assert_eq!(organization.ownership(), Some(Ownership::Personal));
    assert_eq!(organization.created_by(), Some(&ann()));
    assert_eq!(organization.subject("org_aaaaaaaaaa").as_deref(), Some("user_ann0000000"));
    let long = "a".repeat(100);
    assert_eq!(personal(&long, Some("Miller")).name, long);
}

#[test]
fn the_name_of_a_shared_one_is_no_secret() {
    let organization = given::<Organization>(shared()).state();
    assert_eq!(organization.subject("org_aaaaaaaaaa"), None);
    let renamed = OrganizationEvent::NameChanged { name: "Else".into() };
    assert_eq!(organization.subject_of("org_aaaaaaaaaa", &renamed), None);
}

#[test]
fn only_people_found_shared_ones() {
    let new = || NewOrganization::shared(&ann(), "Acme", "test");
    let founded = Organization::create_shared(new(), Classification::Person);
    assert_eq!(founded, Ok(Organization::create(new())));
    let refused = Organization::create_shared(new(), Classification::Machine);
    assert_eq!(refused, Err(OrganizationError::FoundedByMachine));
}

#[test]
fn an_owner_renames_it() {
    let renamed = OrganizationEvent::NameChanged { name: "Else".into() };
    given::<Organization>(shared()).when(|it| it.rename(&ann(), Some("Else"))).then([renamed]);
    given::<Organization>(shared()).when(|it| it.rename(&ann(), Some("Acme"))).then([]);
    given::<Organization>(shared()).when(|it| it.rename(&ann(), None)).then([]);
    for name in [Some("Else"), None] {
        given::<Organization>(with_bea([]))
            .when(|it| it.rename(&bea(), name))
            .then_error(&OrganizationError::NotOwner);
    }
    let renamed = OrganizationEvent::NameChanged { name: "Mine".into() };
    given::<Organization>(own()).when(|it| it.rename(&ann(), Some("Mine"))).then([renamed]);
}

#[test]
fn somebody_pays_for_it() {
    let subscribed = OrganizationEvent::BillingSubscribed {
        subscription_id: subscription(),
        subscriber_id: ann(),
    };
    let new = given::<Organization>(own()).state();
    assert_eq!(new.subscribe(&subscription(), &ann()), std::slice::from_ref(&subscribed));
    let paid = given::<Organization>(own().into_iter().chain([subscribed])).state();
    assert_eq!(paid.subscribe(&subscription(), &ann()), []);
    assert_eq!((paid.subscription(), paid.subscriber()), (Some(&subscription()), Some(&ann())));
}

#[test]
fn whoever_pays_hands_over_once() {
    let paid = given::<Organization>(with_bea([])).state();
    assert_eq!(paid.transfer(&ann(), &bea()), [transferred(&ann(), &bea())]);
    assert_eq!(paid.transfer(&bea(), &ann()), []);
    assert_eq!(paid.transfer(&ann(), &ann()), []);
    let handed = given::<Organization>(with_bea([transferred(&ann(), &bea())])).state();
    assert_eq!(handed.subscriber(), Some(&bea()));
    assert_eq!(handed.transfer(&ann(), &bea()), []);
}

#[test]
fn its_only_member_deletes_it() {
    let deleted = OrganizationEvent::Deleted { deleted_by_id: ann() };
    given::<Organization>(shared()).when(|it| it.delete(&ann(), true)).then([deleted.clone()]);
    assert!(!given::<Organization>(shared()).state().is_deleted());
    let gone = shared().into_iter().chain([deleted]);
    assert!(given::<Organization>(gone).state().is_deleted());
}

/// Each history breaks every rule behind the one that is told, too.
#[test]
fn deleting_it_has_rules_in_an_order() {
    let owner = assigned(Role::TenantOwner);
    let unpaid = Organization::create(NewOrganization::shared(&ann(), "Acme", "test"));
    let member = with_bea([]);
    for (events, by, error) in [
        (member.clone(), bea(), OrganizationError::NotOwner),
        (own(), ann(), OrganizationError::Personal),
        (unpaid, ann(), OrganizationError::NotSubscriber),
        (with_bea([owner]), bea(), OrganizationError::NotSubscriber),
        (member, ann(), OrganizationError::StillSubscribed),
    ] {
        given::<Organization>(events).when(|it| it.delete(&by, false)).then_error(&error);
    }
    for since in [vec![], vec![un_invited(&bea())]] {
        given::<Organization>(with_bea(since))
            .when(|it| it.delete(&ann(), true))
            .then_error(&OrganizationError::OtherMembers);
    }
    let alone = with_bea([un_invited(&bea()), left(&bea())]);
    assert!(given::<Organization>(alone).state().delete(&ann(), true).is_ok());
}

#[test]
fn a_snapshot_reads_back() {
    let state = given::<Organization>(with_bea([assigned(Role::TenantOwner)])).state();
    let text = serde_json::to_string(&state).expect("JSON");
    assert_eq!(serde_json::from_str::<Organization>(&text).expect("own form"), state);
}

fn email() -> EmailAddress {
    EmailAddress::parse("bea@company.com").expect("valid")
}
