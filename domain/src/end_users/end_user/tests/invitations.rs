//! Guests are invited, and register.

use super::*;
use crate::{
    end_users::NewInvitation,
    identities::{NewToken, OneTimeToken, TokenHash},
    kernel::{Timestamp, UserId},
};

fn on(day: u8) -> Timestamp {
    Timestamp::parse(&format!("2026-06-{day:02}T12:00:00Z")).expect("a time")
}

fn inviter() -> UserId {
    UserId::new(IdToken::new("a".repeat(10)).expect("valid"))
}

fn invitation(token: &str) -> NewInvitation {
    NewInvitation {
        email: EmailAddress::parse("ann@company.com").expect("valid"),
        email_digest: "digest".to_owned(),
        token: NewToken { token: OneTimeToken::new(token), hash: TokenHash::new(token) },
        invited_by: inviter(),
        host_region: "test".to_owned(),
    }
}

fn created() -> EndUserEvent {
    EndUserEvent::Created {
        access: Access::Enabled,
        status: UserStatus::Unregistered,
        classification: Classification::Person,
        host_region: "test".to_owned(),
    }
}

fn invited(token: &str, expires_on: Timestamp) -> EndUserEvent {
    EndUserEvent::GuestInvitationCreated {
        invited_by_id: inviter(),
        email_digest: "digest".to_owned(),
        token_hash: TokenHash::new(token),
        expires_on,
        token: OneTimeToken::new(token),
        email_address: EmailAddress::parse("ann@company.com").expect("valid"),
    }
}

fn guest() -> Vec<EndUserEvent> {
    vec![created(), invited("first", on(15))]
}

#[test]
fn a_guest_is_a_person_who_has_not_registered() {
    given::<EndUser>([]).when(|user| user.invite(invitation("first"), on(1))).then(guest());
    let guest = given::<EndUser>(guest()).state();
    assert_eq!(guest.status(), UserStatus::Unregistered);
    assert_eq!(guest.classification(), Classification::Person);
    assert!(guest.roles().is_empty() && guest.features().is_empty());
    assert_eq!((guest.username(), guest.email_digest()), (None, None));
    assert_eq!(guest.invitation().map(|known| known.email_digest.as_str()), Some("digest"));
}

#[test]
fn another_invitation_takes_the_place_of_the_first_even_when_that_has_expired() {
    for day in [10, 20] {
        let ends = on(day).plus(time::Duration::days(14));
        given::<EndUser>(guest())
            .when(|user| user.invite(invitation("second"), on(day)))
            .then([invited("second", ends)]);
    }
    let renewed = [created(), invited("first", on(15)), invited("second", on(24))];
    let guest = given::<EndUser>(renewed).state();
    let unknown = guest.invitation_of(&TokenHash::new("first"), on(10)).err();
    assert_eq!(unknown, Some(EndUserError::UnknownInvitation));
    assert!(guest.invitation_of(&TokenHash::new("second"), on(23)).is_ok());
}

#[test]
fn an_invitation_is_good_for_two_weeks() {
    let guest = given::<EndUser>(guest()).state();
    let token = TokenHash::new("first");
    assert!(guest.invitation_of(&token, on(14)).is_ok());
    assert!(guest.renewable(&token, on(14)).is_ok());
    assert_eq!(guest.invitation_of(&token, on(15)).err(), Some(EndUserError::InvitationExpired));
    assert_eq!(guest.renewable(&token, on(15)).err(), Some(EndUserError::InvitationNotRenewable));
    let email = EmailAddress::parse("ann@company.com").expect("valid");
    assert_eq!(guest.accept_invitation(&email, on(15)), []);
}

#[test]
fn a_guest_registers_with_any_address_and_is_no_guest_any_more() {
    let other = EmailAddress::parse("ann@home.org").expect("valid");
    let accepted = EndUserEvent::GuestInvitationAccepted {
        accepted_at_utc: on(2),
        accepted_email_address: other.clone(),
    };
    let guest = given::<EndUser>(guest()).state();
    assert_eq!(guest.accept_invitation(&other, on(2)), std::slice::from_ref(&accepted));
    let registers = guest.register_person(registration(false)).expect("a guest");
    assert!(matches!(registers.as_slice(), [EndUserEvent::Registered { .. }]));
    let events = self::guest().into_iter().chain([accepted]).chain(registers);
    let user = given::<EndUser>(events).state();
    assert_eq!(user.status(), UserStatus::Registered);
    assert!(!user.roles().is_empty() && !user.features().is_empty());
    assert_eq!(user.invitation(), None);
    assert_eq!(user.invited_address().map(EmailAddress::as_str), Some("ann@company.com"));
    let again = user.invitation_of(&TokenHash::new("first"), on(3)).err();
    assert_eq!(again, Some(EndUserError::UnknownInvitation));
}

#[test]
fn nobody_who_is_registered_is_invited() {
    given::<EndUser>(registered())
        .when(|user| user.invite(invitation("first"), on(1)))
        .then_error(&EndUserError::AlreadyRegistered);
}

#[test]
fn an_erased_guest_has_no_invitation() {
    let gone = EndUserEvent::Erased { access: Access::Suspended, mailboxes: vec![] };
    let guest = given::<EndUser>(guest().into_iter().chain([gone])).state();
    assert_eq!(guest.invitation(), None);
    assert_eq!(guest.invited_address().map(EmailAddress::is_empty), Some(true));
}
