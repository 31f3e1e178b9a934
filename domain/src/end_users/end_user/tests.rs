//! The rules of an end user, each provoked.

mod invitations;
mod memberships;

use super::*;
use crate::{
    end_users::{MembershipId, Ownership},
    kernel::{
        IdToken,
        roles::{Feature, Role},
        testing::given,
    },
};

fn membership(name: &str) -> MembershipId {
    MembershipId::new(IdToken::new(format!("{name:0<10}")).expect("valid"))
}

fn organization(name: &str) -> OrganizationId {
    OrganizationId::new(IdToken::new(format!("{name:0<10}")).expect("valid"))
}

fn registration(operator: bool) -> Registration {
    Registration {
        email: EmailAddress::parse("ann@company.com").expect("valid"),
        email_digest: "digest".to_owned(),
        profile: RegisteredProfile {
            first_name: "Ann".to_owned(),
            last_name: Some("Miller".to_owned()),
            ..RegisteredProfile::default()
        },
        operator,
        host_region: "test".to_owned(),
    }
}

fn registered() -> Vec<EndUserEvent> {
    EndUser::default().register_person(registration(false)).expect("new")
}

fn operator() -> EndUser {
    let events = EndUser::default().register_person(registration(true)).expect("new");
    given::<EndUser>(events).state()
}

fn joined(name: &str, ownership: Ownership, is_default: bool) -> EndUserEvent {
    EndUserEvent::MembershipAdded {
        membership_id: membership(name),
        organization_id: organization(name),
        ownership,
        is_default,
        roles: vec![Role::TenantBillingAdmin, Role::TenantOwner, Role::TenantMember],
        features: vec![Feature::TenantPaidTrial, Feature::TenantBasic],
    }
}

fn default_changed(from: Option<&str>, to: &str) -> EndUserEvent {
    EndUserEvent::DefaultMembershipChanged {
        from_membership_id: from.map(membership),
        to_membership_id: membership(to),
        to_organization_id: organization(to),
        roles: vec![Role::TenantBillingAdmin, Role::TenantOwner, Role::TenantMember],
        features: vec![Feature::TenantPaidTrial, Feature::TenantBasic],
    }
}

fn with(events: impl IntoIterator<Item = EndUserEvent>) -> Vec<EndUserEvent> {
    registered().into_iter().chain(events).collect()
}

#[test]
fn a_new_person_is_enabled_standard_and_on_trial() {
    let user = given::<EndUser>(registered()).state();
    assert_eq!(user.access(), Access::Enabled);
    assert_eq!(user.status(), UserStatus::Registered);
    assert_eq!(user.classification(), Classification::Person);
    assert_eq!(user.roles().expanded(), [Role::PlatformStandard]);
    assert_eq!(user.features().expanded(), [Feature::PlatformPaidTrial, Feature::PlatformBasic]);
    assert_eq!(user.username().map(EmailAddress::as_str), Some("ann@company.com"));
    assert_eq!(user.name().full(), "Ann Miller");
    assert_eq!(user.email_digest(), Some("digest"));
    assert_eq!(user.subject("user_aaaaaaaaaa").as_deref(), Some("user_aaaaaaaaaa"));
}

#[test]
fn an_operator_is_one_from_the_start() {
    let roles = operator().roles().expanded();
    assert_eq!(roles, [Role::PlatformOperations, Role::PlatformStandard]);
}

#[test]
fn nobody_registers_twice() {
    given::<EndUser>(registered())
        .when(|user| user.register_person(registration(false)))
        .then_error(&EndUserError::AlreadyRegistered);
}

#[test]
fn an_operator_gives_roles_that_are_not_held() {
    given::<EndUser>(registered())
        .when(|user| {
            let roles = [Role::PlatformStandard, Role::PlatformOperations];
            user.assign_roles(&roles, &operator())
        })
        .then([EndUserEvent::PlatformRoleAssigned { role: Role::PlatformOperations }]);
}

#[test]
fn an_operator_takes_roles_that_are_held_and_leaves_what_they_grant() {
    let given_role = EndUserEvent::PlatformRoleAssigned { role: Role::PlatformOperations };
    let taken = EndUserEvent::PlatformRoleUnassigned { role: Role::PlatformOperations };
    given::<EndUser>(with([given_role.clone()]))
        .when(|user| user.unassign_roles(&[Role::PlatformOperations], &operator()))
        .then([taken.clone()]);
    let user = given::<EndUser>(with([given_role, taken])).state();
    assert_eq!(user.roles().expanded(), [Role::PlatformStandard]);
    given::<EndUser>(registered())
        .when(|user| user.unassign_roles(&[Role::PlatformOperations], &operator()))
        .then([]);
}

#[test]
fn nobody_else_gives_or_takes_roles() {
    let other = given::<EndUser>(registered()).state();
    given::<EndUser>(registered())
        .when(|user| user.assign_roles(&[Role::PlatformOperations], &other))
        .then_error(&EndUserError::NotOperator);
    given::<EndUser>(registered())
        .when(|user| user.unassign_roles(&[Role::PlatformOperations], &other))
        .then_error(&EndUserError::NotOperator);
}

#[test]
fn only_assignable_roles_of_the_platform_are_given_or_taken() {
    for role in [
        Role::PlatformInternalService,
        Role::PlatformExternalWebhookService,
        Role::TenantMember,
        Role::TenantBillingAdmin,
    ] {
        given::<EndUser>(registered())
            .when(|user| user.assign_roles(&[Role::PlatformOperations, role], &operator()))
            .then_error(&EndUserError::RoleNotAssignable);
        given::<EndUser>(registered())
            .when(|user| user.unassign_roles(&[role], &operator()))
            .then_error(&EndUserError::RoleNotAssignable);
    }
}

#[test]
fn the_standard_role_stays() {
    given::<EndUser>(registered())
        .when(|user| user.unassign_roles(&[Role::PlatformStandard], &operator()))
        .then_error(&EndUserError::StandardRoleStays);
}

#[test]
fn the_first_organization_becomes_the_default() {
    given::<EndUser>(registered())
        .when(|user| user.join_as_creator(membership("a"), organization("a"), Ownership::Personal))
        .then([joined("a", Ownership::Personal, true), default_changed(None, "a")]);
}

#[test]
fn a_shared_organization_takes_over_as_the_default() {
    let first = [joined("a", Ownership::Personal, true), default_changed(None, "a")];
    let second = [joined("b", Ownership::Shared, false), default_changed(Some("a"), "b")];
    given::<EndUser>(with(first.clone()))
        .when(|user| user.join_as_creator(membership("b"), organization("b"), Ownership::Shared))
        .then(second.clone());
    let user = given::<EndUser>(with(first.into_iter().chain(second))).state();
    assert_eq!(user.default_membership().map(|known| &known.id), Some(&membership("b")));
    assert_eq!(user.memberships().iter().filter(|known| known.is_default).count(), 1);
}

#[test]
fn a_personal_organization_does_not_take_over_from_the_one_that_invited() {
    let first = [joined("a", Ownership::Shared, true), default_changed(None, "a")];
    given::<EndUser>(with(first))
        .when(|user| user.join_as_creator(membership("b"), organization("b"), Ownership::Personal))
        .then([joined("b", Ownership::Personal, false)]);
}

#[test]
fn a_member_is_not_added_again() {
    given::<EndUser>(with([joined("a", Ownership::Personal, true)]))
        .when(|user| user.join_as_creator(membership("b"), organization("a"), Ownership::Personal))
        .then([]);
}

#[test]
fn one_personal_organization_is_enough() {
    given::<EndUser>(with([joined("a", Ownership::Personal, true)]))
        .when(|user| user.join_as_creator(membership("b"), organization("b"), Ownership::Personal))
        .then_error(&EndUserError::SecondPersonalOrganization);
}

#[test]
fn erasure_suspends_and_forgets() {
    let gone = EndUserEvent::Erased { access: Access::Suspended, mailboxes: vec!["m".into()] };
    given::<EndUser>(registered())
        .when(|user| Ok::<_, EndUserError>(user.erase(vec!["m".into()])))
        .then([gone.clone()]);
    let user = given::<EndUser>(with([gone])).state();
    assert_eq!(user.access(), Access::Suspended);
    assert_eq!(user.username().map(EmailAddress::is_empty), Some(true));
    assert_eq!(user.name(), &PersonName::default());
    assert_eq!((user.email_digest(), user.is_erased()), (None, true));
    assert_eq!(user.mailboxes(), ["m"]);
    assert_eq!(user.erase(vec![]), []);
}
