//! Members come and go, and may do more or less.

use super::*;
use crate::{end_users::MachineRegistration, kernel::UserId, subscriptions::Tier};

fn by() -> UserId {
    UserId::new(IdToken::new("b".repeat(10)).expect("valid"))
}

fn left(name: &str) -> EndUserEvent {
    EndUserEvent::MembershipRemoved {
        membership_id: membership(name),
        organization_id: organization(name),
        un_invited_by_id: by(),
    }
}

fn role_changed(name: &str, role: Role, given: bool) -> EndUserEvent {
    let (membership_id, organization_id) = (membership(name), organization(name));
    if given {
        EndUserEvent::MembershipRoleAssigned { membership_id, organization_id, role }
    } else {
        EndUserEvent::MembershipRoleUnassigned { membership_id, organization_id, role }
    }
}

/// A member of three organizations, who works in the last one by default.
fn three() -> Vec<EndUserEvent> {
    with([
        joined("a", Ownership::Personal, true),
        joined("b", Ownership::Shared, false),
        joined("c", Ownership::Shared, false),
        default_changed(Some("a"), "c"),
    ])
}

#[test]
fn an_invited_member_works_where_it_was_invited() {
    let events = [joined("a", Ownership::Personal, true), default_changed(None, "a")];
    let user = given::<EndUser>(with(events)).state();
    let joined = user.join_as_member(membership("b"), organization("b"));
    let [EndUserEvent::MembershipAdded { roles, features, is_default, .. }, changed] =
        joined.as_slice()
    else {
        panic!("{joined:?}")
    };
    assert_eq!((roles.as_slice(), *is_default), ([Role::TenantMember].as_slice(), false));
    assert_eq!(features, &[Feature::TenantPaidTrial, Feature::TenantBasic]);
    assert!(matches!(changed, EndUserEvent::DefaultMembershipChanged { .. }));
    assert_eq!(user.join_as_member(membership("b"), organization("a")), []);
}

#[test]
fn whoever_leaves_its_default_works_where_it_joined_last() {
    given::<EndUser>(three())
        .when(|user| user.leave(&organization("c"), &by()))
        .then([default_changed(Some("c"), "b"), left("c")]);
    given::<EndUser>(three()).when(|user| user.leave(&organization("b"), &by())).then([left("b")]);
    let gone = three().into_iter().chain([default_changed(Some("c"), "b"), left("c")]);
    let user = given::<EndUser>(gone).state();
    assert_eq!(user.default_membership().map(|known| &known.id), Some(&membership("b")));
    assert_eq!(user.leave(&organization("c"), &by()), Ok(vec![]));
}

#[test]
fn the_only_membership_goes_without_a_default() {
    given::<EndUser>([joined("b", Ownership::Shared, true)])
        .when(|user| user.leave(&organization("b"), &by()))
        .then([left("b")]);
}

#[test]
fn nobody_leaves_its_personal_organization() {
    given::<EndUser>(three())
        .when(|user| user.leave(&organization("a"), &by()))
        .then_error(&EndUserError::PersonalOrganizationStays);
}

#[test]
fn a_member_chooses_its_default() {
    given::<EndUser>(three())
        .when(|user| user.change_default(&organization("b")))
        .then([default_changed(Some("c"), "b")]);
    given::<EndUser>(three()).when(|user| user.change_default(&organization("c"))).then([]);
    given::<EndUser>(three())
        .when(|user| user.change_default(&organization("d")))
        .then_error(&EndUserError::NotMember);
}

#[test]
fn roles_are_given_and_taken_with_what_they_grant() {
    let member = EndUser::default().join_as_member(membership("b"), organization("b"));
    let owner = role_changed("b", Role::TenantOwner, true);
    given::<EndUser>(member.clone())
        .when(|user| user.assign_tenant_role(&organization("b"), Role::TenantOwner))
        .then([owner.clone()]);
    given::<EndUser>(member.clone())
        .when(|user| user.assign_tenant_role(&organization("b"), Role::TenantMember))
        .then([]);
    let promoted = || member.clone().into_iter().chain([owner.clone()]);
    given::<EndUser>(promoted())
        .when(|user| user.unassign_tenant_role(&organization("b"), Role::TenantOwner))
        .then([role_changed("b", Role::TenantOwner, false)]);
    // It is granted by the role of an owner.
    given::<EndUser>(promoted())
        .when(|user| user.unassign_tenant_role(&organization("b"), Role::TenantMember))
        .then([]);
    given::<EndUser>(promoted().chain([role_changed("b", Role::TenantOwner, false)]))
        .when(|user| user.unassign_tenant_role(&organization("b"), Role::TenantMember))
        .then_error(&EndUserError::MemberRoleStays);
}

#[test]
fn roles_of_the_platform_are_none_of_an_organization() {
    for role in [Role::PlatformStandard, Role::PlatformOperations] {
        given::<EndUser>(three())
            .when(|user| user.assign_tenant_role(&organization("b"), role))
            .then_error(&EndUserError::RoleNotAssignable);
        given::<EndUser>(three())
            .when(|user| user.unassign_tenant_role(&organization("b"), role))
            .then_error(&EndUserError::RoleNotAssignable);
    }
    given::<EndUser>(three())
        .when(|user| user.assign_tenant_role(&organization("d"), Role::TenantOwner))
        .then_error(&EndUserError::NotMember);
}

fn reset(user: &EndUser, name: &str, tier: Tier) -> (EndUser, usize) {
    let events = user.reset_features(&organization(name), tier, &by());
    let mut after = user.clone();
    for event in &events {
        after.evolve(event);
    }
    assert_eq!(after.reset_features(&organization(name), tier, &by()), [], "once is enough");
    (after, events.len())
}

#[test]
fn an_organization_gives_its_members_what_it_has_subscribed_to() {
    let user = given::<EndUser>(three()).state();
    let (user, count) = reset(&user, "b", Tier::Enterprise);
    assert_eq!(count, 2);
    let within = |user: &EndUser, name: &str| {
        user.membership(&organization(name)).map(|known| known.features.reduced().to_vec())
    };
    assert_eq!(within(&user, "b"), Some(vec![Feature::TenantPaid3]));
    assert_eq!(within(&user, "c"), Some(vec![Feature::TenantPaidTrial]));
    assert_eq!(user.features().reduced(), [Feature::PlatformPaid3]);
    // The highest of all its organizations counts, whichever changed last.
    let (user, count) = reset(&user, "c", Tier::Professional);
    assert_eq!(count, 1);
    assert_eq!(user.features().reduced(), [Feature::PlatformPaid3]);
    let (user, _) = reset(&user, "b", Tier::Unsubscribed);
    assert_eq!(within(&user, "b"), Some(vec![Feature::TenantBasic]));
    assert_eq!(user.features().reduced(), [Feature::PlatformPaid2]);
    assert_eq!(reset(&user, "d", Tier::Enterprise).1, 0);
}

#[test]
fn a_guest_has_features_in_its_organization_only() {
    let member = EndUser::default().join_as_member(membership("b"), organization("b"));
    let guest = given::<EndUser>(member).state();
    let (guest, count) = reset(&guest, "b", Tier::Enterprise);
    assert_eq!(count, 1);
    assert!(guest.features().is_empty());
}

fn platform_reset(features: &[Feature]) -> EndUserEvent {
    EndUserEvent::PlatformFeaturesReset { assigned_by_id: by(), features: features.to_vec() }
}

fn leave(user: &EndUser, name: &str) -> (EndUser, Vec<EndUserEvent>) {
    let events = user.leave(&organization(name), &by()).expect("allowed");
    let mut after = user.clone();
    for event in &events {
        after.evolve(event);
    }
    (after, events)
}

#[test]
fn whoever_leaves_loses_what_the_platform_gave_for_that_organization() {
    use Feature::{PlatformBasic, PlatformPaid2, PlatformPaid3, PlatformPaidTrial};
    let user = given::<EndUser>(three()).state();
    let (user, _) = reset(&user, "b", Tier::Enterprise);
    let (user, _) = reset(&user, "c", Tier::Professional);
    // Another organization still gives more than the one that is left.
    assert_eq!(leave(&user, "c").0.features().reduced(), [PlatformPaid3]);
    let (user, events) = leave(&user, "b");
    let lower = platform_reset(&[PlatformPaid2, PlatformPaidTrial, PlatformBasic]);
    assert_eq!(events, [left("b"), lower]);
    let (user, events) = leave(&user, "c");
    assert_eq!(events.last(), Some(&platform_reset(&[PlatformPaidTrial, PlatformBasic])));
    assert_eq!(user.features().reduced(), [PlatformPaidTrial]);
}

#[test]
fn nobody_loses_what_it_began_with() {
    let user = given::<EndUser>(three()).state();
    let (user, _) = reset(&user, "a", Tier::Unsubscribed);
    let (user, _) = leave(&user, "b");
    assert_eq!(leave(&user, "c").1.last(), Some(&left("c")));
    // Nobody vouched for this machine, so that it began with less.
    let machine = EndUser::register_machine(MachineRegistration {
        profile: RegisteredProfile::default(),
        trial: false,
        host_region: "test".to_owned(),
    });
    let machine = given::<EndUser>(machine).state();
    let joined = machine.join_as_member(membership("b"), organization("b"));
    let mut machine = machine;
    for event in &joined {
        machine.evolve(event);
    }
    let (machine, _) = reset(&machine, "b", Tier::Standard);
    assert_eq!(machine.features().reduced(), [Feature::PlatformPaidTrial]);
    let events = leave(&machine, "b").1;
    assert_eq!(events, [left("b"), platform_reset(&[Feature::PlatformBasic])]);
}

#[test]
fn a_guest_who_leaves_has_nothing_on_the_platform_to_lose() {
    let member = EndUser::default().join_as_member(membership("b"), organization("b"));
    given::<EndUser>(member).when(|user| user.leave(&organization("b"), &by())).then([left("b")]);
}
