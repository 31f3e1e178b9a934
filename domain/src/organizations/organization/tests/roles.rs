//! What members may do.

use super::*;

const MEMBER: Role = Role::TenantMember;
const OWNER: Role = Role::TenantOwner;
const ADMIN: Role = Role::TenantBillingAdmin;

fn unassigned(role: Role) -> OrganizationEvent {
    OrganizationEvent::RoleUnassigned { unassigned_by_id: ann(), user_id: bea(), role }
}

fn roles_of(events: Vec<OrganizationEvent>, user: &UserId) -> Vec<Role> {
    let organization = given::<Organization>(events).state();
    organization.roles_of(user).expect("a member").reduced().to_vec()
}

#[test]
fn whoever_founds_it_may_do_everything_and_others_little() {
    for founded in [own(), shared()] {
        assert_eq!(roles_of(founded, &ann()), [ADMIN]);
    }
    assert_eq!(roles_of(with_bea([]), &bea()), [MEMBER]);
    assert_eq!(given::<Organization>(shared()).state().roles_of(&bea()), None);
}

#[test]
fn roles_are_given_once_and_the_highest_alone() {
    for (roles, events) in [
        (&[OWNER][..], &[assigned(OWNER)][..]),
        (&[OWNER, MEMBER], &[assigned(OWNER)]),
        (&[MEMBER, OWNER, ADMIN], &[assigned(ADMIN)]),
        (&[MEMBER], &[]),
    ] {
        given::<Organization>(with_bea([]))
            .when(|it| it.assign_roles(&ann(), &bea(), roles))
            .then(events.iter().cloned());
    }
    assert_eq!(roles_of(with_bea([assigned(OWNER)]), &bea()), [OWNER]);
    given::<Organization>(with_bea([assigned(ADMIN)]))
        .when(|it| it.assign_roles(&ann(), &bea(), &[OWNER]))
        .then([]);
}

#[test]
fn what_a_role_grants_stays_when_it_is_taken() {
    for (held, roles, events, left) in [
        (OWNER, &[OWNER][..], &[unassigned(OWNER)][..], MEMBER),
        (OWNER, &[OWNER, MEMBER], &[unassigned(OWNER)], MEMBER),
        (ADMIN, &[ADMIN], &[unassigned(ADMIN)], OWNER),
        // What is only implied can't be taken.
        (ADMIN, &[OWNER], &[], ADMIN),
        (OWNER, &[MEMBER], &[], OWNER),
        // What is not held neither.
        (OWNER, &[ADMIN], &[], OWNER),
    ] {
        let before = with_bea([assigned(held)]);
        given::<Organization>(before.clone())
            .when(|it| it.unassign_roles(&ann(), &bea(), roles))
            .then(events.iter().cloned());
        let after = before.into_iter().chain(events.iter().cloned()).collect();
        assert_eq!(roles_of(after, &bea()), [left]);
    }
}

#[test]
fn every_member_is_a_member() {
    given::<Organization>(with_bea([]))
        .when(|it| it.unassign_roles(&ann(), &bea(), &[MEMBER]))
        .then_error(&OrganizationError::MemberRoleStays);
}

#[test]
fn changing_roles_has_rules_in_an_order() {
    let internal = Role::PlatformOperations;
    for (events, by, user, roles, error) in [
        (own(), bea(), bea(), [internal], OrganizationError::NotOwner),
        (with_bea([]), bea(), bea(), [internal], OrganizationError::NotOwner),
        (own(), ann(), bea(), [internal], OrganizationError::Personal),
        (own(), ann(), ann(), [OWNER], OrganizationError::Personal),
        (shared(), ann(), bea(), [internal], OrganizationError::NotMember),
        (with_bea([]), ann(), bea(), [internal], OrganizationError::RoleNotAssignable),
    ] {
        given::<Organization>(events.clone())
            .when(|it| it.assign_roles(&by, &user, &roles))
            .then_error(&error);
        given::<Organization>(events)
            .when(|it| it.unassign_roles(&by, &user, &roles))
            .then_error(&error);
    }
}

#[test]
fn whoever_pays_administers_that() {
    let both = with_bea([assigned(ADMIN)]);
    given::<Organization>(both)
        .when(|it| it.unassign_roles(&bea(), &ann(), &[ADMIN]))
        .then_error(&OrganizationError::SubscriberAdministers);
    // As long as nobody has subscribed, that is whoever founded it.
    let unpaid = Organization::create(NewOrganization::shared(&ann(), "Acme", "test"));
    let unpaid = unpaid.into_iter().chain([joined(&bea()), assigned(ADMIN)]);
    given::<Organization>(unpaid)
        .when(|it| it.unassign_roles(&bea(), &ann(), &[ADMIN]))
        .then_error(&OrganizationError::SubscriberAdministers);
}

#[test]
fn the_last_of_those_who_lead_keep_their_roles() {
    let paid_by_bea = || with_bea([transferred(&ann(), &bea())]);
    given::<Organization>(paid_by_bea())
        .when(|it| it.unassign_roles(&ann(), &ann(), &[ADMIN]))
        .then_error(&OrganizationError::LastBillingAdmin);
    let owner =
        OrganizationEvent::RoleUnassigned { unassigned_by_id: bea(), user_id: ann(), role: ADMIN };
    let after = paid_by_bea().into_iter().chain([owner]);
    given::<Organization>(after)
        .when(|it| it.unassign_roles(&ann(), &ann(), &[OWNER]))
        .then_error(&OrganizationError::LastOwner);
    // Whoever is about to leave does not count.
    let leaving = with_bea([assigned(ADMIN), transferred(&ann(), &bea()), un_invited(&bea())]);
    given::<Organization>(leaving)
        .when(|it| it.unassign_roles(&ann(), &ann(), &[ADMIN]))
        .then_error(&OrganizationError::LastBillingAdmin);
}
