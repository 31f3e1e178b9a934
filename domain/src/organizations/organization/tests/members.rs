//! Who comes and goes.

use super::*;
use crate::organizations::Invited;

fn invited_user() -> OrganizationEvent {
    OrganizationEvent::MemberInvited {
        invited_by_id: ann(),
        invited_id: Some(bea()),
        mailbox: None,
        email_address: None,
    }
}

fn invited_address() -> OrganizationEvent {
    OrganizationEvent::MemberInvited {
        invited_by_id: ann(),
        invited_id: None,
        mailbox: Some("digest".into()),
        email_address: Some(email()),
    }
}

fn members(of: &Organization) -> Vec<UserId> {
    of.members().cloned().collect()
}

fn address() -> Invited {
    Invited::Address { email: email(), mailbox: "digest".into() }
}

#[test]
fn a_member_is_noted_once() {
    let new = given::<Organization>(own()).state();
    assert_eq!(new.add_member(&ann()), [joined(&ann())]);
    let known = given::<Organization>(own().into_iter().chain([joined(&ann())])).state();
    assert_eq!(known.add_member(&ann()), []);
    assert_eq!(members(&known), [ann()]);
}

#[test]
fn a_member_leaves_once() {
    let known = given::<Organization>(with_bea([])).state();
    assert_eq!(known.remove_member(&bea()), [left(&bea())]);
    let gone = given::<Organization>(with_bea([left(&bea())])).state();
    assert_eq!(gone.remove_member(&bea()), []);
    assert_eq!((members(&gone), gone.roles_of(&bea())), (vec![ann()], None));
}

#[test]
fn owners_invite() {
    let user = || Invited::User(bea());
    given::<Organization>(shared()).when(|it| it.invite(&ann(), user())).then([invited_user()]);
    given::<Organization>(shared())
        .when(|it| it.invite(&ann(), address()))
        .then([invited_address()]);
    given::<Organization>(with_bea([])).when(|it| it.invite(&ann(), user())).then([]);
    // Whoever is about to leave may come back.
    given::<Organization>(with_bea([un_invited(&bea())]))
        .when(|it| it.invite(&ann(), user()))
        .then([invited_user()]);
    given::<Organization>(with_bea([]))
        .when(|it| it.invite(&bea(), address()))
        .then_error(&OrganizationError::NotOwner);
    given::<Organization>(own())
        .when(|it| it.invite(&bea(), address()))
        .then_error(&OrganizationError::NotOwner);
    given::<Organization>(own())
        .when(|it| it.invite(&ann(), address()))
        .then_error(&OrganizationError::Personal);
}

#[test]
fn an_address_is_encrypted_for_whoever_has_it() {
    let organization = given::<Organization>(shared()).state();
    let subject = |event| organization.subject_of("org_aaaaaaaaaa", &event);
    assert_eq!(subject(invited_address()).as_deref(), Some("mailbox_digest"));
    assert_eq!(subject(invited_user()), None);
}

#[test]
fn owners_let_members_leave() {
    given::<Organization>(with_bea([]))
        .when(|it| it.un_invite(&ann(), &bea()))
        .then([un_invited(&bea())]);
    // An owner may leave itself, if it does not pay.
    let leaves = OrganizationEvent::MemberUnInvited { uninvited_by_id: bea(), uninvited_id: bea() };
    given::<Organization>(with_bea([assigned(Role::TenantOwner)]))
        .when(|it| it.un_invite(&bea(), &bea()))
        .then([leaves]);
    for gone in [shared(), with_bea([un_invited(&bea())]), with_bea([left(&bea())])] {
        given::<Organization>(gone).when(|it| it.un_invite(&ann(), &bea())).then([]);
    }
}

#[test]
fn whoever_leaves_decides_nothing_from_now_on() {
    let leaving = with_bea([assigned(Role::TenantOwner), un_invited(&bea())]);
    let organization = given::<Organization>(leaving).state();
    assert!(organization.is_leaving(&bea()) && !organization.is_leaving(&ann()));
    assert_eq!(members(&organization), [ann(), bea()]);
    assert_eq!(organization.roles_of(&bea()), None);
    assert_eq!(organization.rename(&bea(), None), Err(OrganizationError::NotOwner));
    assert_eq!(
        organization.assign_roles(&ann(), &bea(), &[Role::TenantOwner]),
        Err(OrganizationError::NotMember)
    );
}

#[test]
fn whoever_comes_back_begins_anew() {
    let events = [assigned(Role::TenantOwner), un_invited(&bea()), left(&bea()), joined(&bea())];
    let organization = given::<Organization>(with_bea(events)).state();
    assert_eq!(organization.roles_of(&bea()), Some(&initial::member_roles()));
    // So does its creator.
    let handed = [assigned(Role::TenantBillingAdmin), transferred(&ann(), &bea())];
    let returned = [un_invited(&ann()), left(&ann()), joined(&ann())];
    let events = with_bea(handed.into_iter().chain(returned));
    let organization = given::<Organization>(events).state();
    assert_eq!(organization.roles_of(&ann()), Some(&initial::member_roles()));
}

#[test]
fn letting_somebody_leave_has_rules_in_an_order() {
    let unpaid = Organization::create(NewOrganization::shared(&ann(), "Acme", "test"));
    for (events, by, user, error) in [
        (with_bea([]), bea(), ann(), OrganizationError::NotOwner),
        (shared(), ann(), ann(), OrganizationError::SubscriberStays),
        (unpaid, ann(), ann(), OrganizationError::SubscriberStays),
        (own(), ann(), ann(), OrganizationError::SubscriberStays),
        (own(), ann(), bea(), OrganizationError::Personal),
    ] {
        given::<Organization>(events).when(|it| it.un_invite(&by, &user)).then_error(&error);
    }
}

#[test]
fn somebody_leads_it_for_ever() {
    let paid_by_bea = with_bea([transferred(&ann(), &bea())]);
    given::<Organization>(paid_by_bea)
        .when(|it| it.un_invite(&ann(), &ann()))
        .then_error(&OrganizationError::LastOwner);
    let owned_by_both = with_bea([assigned(Role::TenantOwner), transferred(&ann(), &bea())]);
    given::<Organization>(owned_by_both)
        .when(|it| it.un_invite(&bea(), &ann()))
        .then_error(&OrganizationError::LastBillingAdmin);
}

#[test]
fn whoever_pays_stays_before_the_organization_knows_that_it_pays() {
    let both = || with_bea([assigned(Role::TenantBillingAdmin), assigned(Role::TenantOwner)]);
    given::<Organization>(both())
        .when(|it| it.paid_by(Some(&bea())).un_invite(&ann(), &bea()))
        .then_error(&OrganizationError::SubscriberStays);
    given::<Organization>(both())
        .when(|it| {
            it.paid_by(Some(&bea())).unassign_roles(&ann(), &bea(), &[Role::TenantBillingAdmin])
        })
        .then_error(&OrganizationError::SubscriberAdministers);
    // Whoever paid before goes.
    assert!(
        given::<Organization>(both())
            .state()
            .paid_by(Some(&bea()))
            .un_invite(&bea(), &ann())
            .is_ok()
    );
    let organization = given::<Organization>(both()).state();
    assert_eq!(organization.paid_by(None), organization);
}

#[test]
fn others_do_without_whoever_does_not_pay_or_lead_it() {
    let both = with_bea([assigned(Role::TenantOwner)]);
    let paid_by_bea = both.iter().cloned().chain([transferred(&ann(), &bea())]);
    let paid_by_bea: Vec<_> = paid_by_bea.collect();
    let eve = user("eve");
    let with_eve: Vec<_> = paid_by_bea.iter().cloned().chain([joined(&eve)]).collect();
    let judge = |events: &[OrganizationEvent], user: &UserId, others: &[UserId]| {
        given::<Organization>(events.to_vec()).state().must_do_without(user, others)
    };
    assert_eq!(judge(&both, &ann(), &[bea()]), Err(OrganizationError::SubscriberStays));
    assert_eq!(judge(&paid_by_bea, &ann(), &[bea()]), Ok(()));
    assert_eq!(
        judge(&with_eve, &ann(), std::slice::from_ref(&eve)),
        Err(OrganizationError::LastOwner)
    );
    assert_eq!(judge(&with_eve, &ann(), &[eve.clone(), bea()]), Ok(()));
    // Whoever leads nothing leaves nothing behind, and neither does whoever is alone.
    assert_eq!(judge(&with_eve, &eve, std::slice::from_ref(&eve)), Ok(()));
    assert_eq!(judge(&both, &ann(), &[]), Ok(()));
    assert_eq!(judge(&own(), &ann(), &[bea()]), Ok(()));
}
