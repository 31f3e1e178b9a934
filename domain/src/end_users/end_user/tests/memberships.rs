//! Members come and go, and may do more or less.

use super::*;
use crate::{kernel::UserId, subscriptions::Tier};

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
