//! The rules of an organization, each provoked.

use super::*;
use crate::kernel::testing::given;

fn user() -> UserId {
    UserId::parse("user_ann0000000").expect("valid")
}

fn subscription() -> SubscriptionId {
    SubscriptionId::parse("billsub_aaaaaaaaaa").expect("valid")
}

fn personal(first: &str, last: Option<&str>) -> NewOrganization {
    let name = PersonName::new(first, last).expect("valid");
    NewOrganization::personal(&user(), &name, "test")
}

fn created() -> Vec<OrganizationEvent> {
    Organization::create(personal("Ann", Some("Miller")))
}

#[test]
fn a_personal_one_bears_the_name_of_its_user() {
    let organization = given::<Organization>(created()).state();
    assert_eq!(organization.name(), "Ann Miller");
    assert_eq!(organization.ownership(), Some(Ownership::Personal));
    assert_eq!(organization.created_by(), Some(&user()));
    assert_eq!(organization.subject("org_aaaaaaaaaa").as_deref(), Some("user_ann0000000"));
    let long = "a".repeat(100);
    assert_eq!(personal(&long, Some("Miller")).name, long);
}

#[test]
fn the_name_of_a_shared_one_is_no_secret() {
    let shared = NewOrganization { ownership: Ownership::Shared, ..personal("Ann", None) };
    let organization = given::<Organization>(Organization::create(shared)).state();
    assert_eq!(organization.subject("org_aaaaaaaaaa"), None);
}

#[test]
fn a_member_is_noted_once() {
    let added = OrganizationEvent::MembershipAdded { user_id: user() };
    let new = given::<Organization>(created()).state();
    assert_eq!(new.add_member(&user()), std::slice::from_ref(&added));
    let known = given::<Organization>(created().into_iter().chain([added])).state();
    assert_eq!(known.add_member(&user()), []);
    assert_eq!(known.members(), [user()]);
}

#[test]
fn somebody_pays_for_it() {
    let subscribed = OrganizationEvent::BillingSubscribed {
        subscription_id: subscription(),
        subscriber_id: user(),
    };
    let new = given::<Organization>(created()).state();
    assert_eq!(new.subscribe(&subscription(), &user()), std::slice::from_ref(&subscribed));
    let paid = given::<Organization>(created().into_iter().chain([subscribed])).state();
    assert_eq!(paid.subscribe(&subscription(), &user()), []);
    assert_eq!((paid.subscription(), paid.subscriber()), (Some(&subscription()), Some(&user())));
}
