//! The rules of a credential, each provoked.

use super::*;
use crate::kernel::testing::given;

const RULES: LockOut = LockOut { max_failed: 3, cool_down: Duration::minutes(5) };

fn user() -> UserId {
    UserId::parse("user_aaaaaaaaaa").expect("valid")
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::parse("2026-06-01T12:00:00Z").expect("valid").plus(Duration::minutes(minutes))
}

fn token(name: &str) -> NewToken {
    NewToken { token: OneTimeToken::new(name), hash: hash(name) }
}

fn hash(name: &str) -> TokenHash {
    TokenHash::new(format!("hash of {name}"))
}

fn registered() -> Vec<CredentialEvent> {
    let new = NewCredential {
        user: user(),
        email: EmailAddress::parse("Ann@company.com").expect("valid"),
        email_digest: "digest".to_owned(),
        name: "Ann".to_owned(),
        password: PasswordHash::new("first"),
        verification: token("confirm"),
    };
    Credential::register(new, minute(0))
}

/// Registered and whatever else happened.
fn and(more: impl IntoIterator<Item = CredentialEvent>) -> Vec<CredentialEvent> {
    registered().into_iter().chain(more).collect()
}

fn confirmed() -> CredentialEvent {
    CredentialEvent::RegistrationVerificationVerified { verified_on: minute(1) }
}

fn resetting() -> [CredentialEvent; 2] {
    let initiated = CredentialEvent::PasswordResetInitiated {
        token_hash: hash("reset"),
        expires_on: minute(120),
        token: OneTimeToken::new("reset"),
    };
    [confirmed(), initiated]
}

fn compared(is_verified: bool, failed_attempts: u32, at: i64) -> CredentialEvent {
    CredentialEvent::PasswordVerified {
        is_verified,
        audit_attempt: true,
        failed_attempts,
        attempted_on: minute(at),
    }
}

fn locked(until: i64) -> CredentialEvent {
    CredentialEvent::AccountLocked { until: minute(until) }
}

fn unlocked(at: i64) -> CredentialEvent {
    CredentialEvent::AccountUnlocked { unlocked_on: minute(at) }
}

fn completed() -> CredentialEvent {
    CredentialEvent::PasswordResetCompleted {
        token_hash: hash("reset"),
        password_hash: PasswordHash::new("second"),
    }
}

#[test]
fn registration_leaves_it_waiting_for_its_confirmation() {
    let credential = given::<Credential>(registered()).state();
    assert_eq!(credential.user(), Some(&user()));
    assert_eq!(credential.email().as_str(), "ann@company.com");
    assert_eq!((credential.name(), credential.email_digest()), ("Ann", "digest"));
    assert_eq!(credential.verification_token(), Some(&OneTimeToken::new("confirm")));
    assert_eq!(credential.check_verified(), Err(CredentialError::NotVerified));
    assert_eq!(credential.subject("cred_aaaaaaaaaa").as_deref(), Some("user_aaaaaaaaaa"));
}

#[test]
fn its_token_confirms_it_once() {
    given::<Credential>(registered())
        .when(|credential| credential.confirm(&hash("confirm"), minute(1439)))
        .then([CredentialEvent::RegistrationVerificationVerified { verified_on: minute(1439) }]);
    given::<Credential>(and([confirmed()]))
        .when(|credential| credential.confirm(&hash("confirm"), minute(2)))
        .then_error(&CredentialError::UnknownToken);
}

#[test]
fn a_day_later_or_with_another_token_it_is_not_confirmed() {
    given::<Credential>(registered())
        .when(|credential| credential.confirm(&hash("confirm"), minute(1440)))
        .then_error(&CredentialError::ExpiredToken);
    given::<Credential>(registered())
        .when(|credential| credential.confirm(&hash("other"), minute(1)))
        .then_error(&CredentialError::UnknownToken);
}

#[test]
fn renewal_replaces_the_token_until_it_is_confirmed() {
    let renewed = CredentialEvent::RegistrationVerificationCreated {
        token_hash: hash("new"),
        expires_on: minute(2000 + 1440),
        token: OneTimeToken::new("new"),
    };
    given::<Credential>(registered())
        .when(|credential| credential.renew_verification(token("new"), minute(2000)))
        .then([renewed.clone()]);
    given::<Credential>(and([renewed]))
        .when(|credential| credential.confirm(&hash("confirm"), minute(2001)))
        .then_error(&CredentialError::UnknownToken);
    given::<Credential>(and([confirmed()]))
        .when(|credential| credential.renew_verification(token("new"), minute(2)))
        .then_error(&CredentialError::AlreadyVerified);
    given::<Credential>([])
        .when(|credential| credential.renew_verification(token("new"), minute(2)))
        .then_error(&CredentialError::NotRegistered);
}

#[test]
fn wrong_passwords_in_a_row_lock_it() {
    given::<Credential>(and([compared(false, 1, 1)]))
        .when(|credential| credential.verify_password(false, &RULES, minute(2)))
        .then([compared(false, 2, 2)]);
    given::<Credential>(and([compared(false, 2, 2)]))
        .when(|credential| credential.verify_password(false, &RULES, minute(3)))
        .then([compared(false, 3, 3), locked(8)]);
}

#[test]
fn a_right_password_before_the_limit_counts_from_zero_again() {
    given::<Credential>(and([compared(false, 2, 2)]))
        .when(|credential| credential.verify_password(true, &RULES, minute(3)))
        .then([compared(true, 0, 3)]);
}

#[test]
fn while_it_is_locked_nothing_is_compared_or_counted() {
    for is_right in [true, false] {
        given::<Credential>(and([compared(false, 3, 3), locked(8)]))
            .when(|credential| credential.verify_password(is_right, &RULES, minute(7)))
            .then_error(&CredentialError::Locked);
    }
}

#[test]
fn after_the_cool_down_a_right_password_unlocks_and_a_wrong_one_counts_from_one() {
    let history = || and([compared(false, 3, 3), locked(8)]);
    given::<Credential>(history())
        .when(|credential| credential.verify_password(true, &RULES, minute(8)))
        .then([compared(true, 0, 8), unlocked(8)]);
    given::<Credential>(history())
        .when(|credential| credential.verify_password(false, &RULES, minute(8)))
        .then([compared(false, 1, 8)]);
    let mut again = history();
    again.push(compared(false, 1, 8));
    given::<Credential>(again)
        .when(|credential| credential.verify_password(false, &RULES, minute(9)))
        .then([compared(false, 2, 9)]);
}

#[test]
fn one_wrong_password_locks_if_the_rules_say_so() {
    let rules = LockOut { max_failed: 1, ..RULES };
    given::<Credential>(registered())
        .when(|credential| credential.verify_password(false, &rules, minute(1)))
        .then([compared(false, 1, 1), locked(6)]);
}

#[test]
fn what_nobody_has_locks_as_an_account_does() {
    let mut wrong = WrongPasswords::default();
    for _ in 0..RULES.max_failed {
        assert_eq!(wrong.check_lock(minute(1)), Ok(()));
        wrong = wrong.and_another(&RULES, minute(1));
    }
    assert_eq!(wrong.check_lock(minute(5)), Err(CredentialError::Locked));
    assert_eq!(wrong.check_lock(minute(6)), Ok(()));
    let again = wrong.and_another(&RULES, minute(6));
    let one = WrongPasswords { in_a_row: 1, last: Some(minute(6)), locked_until: None };
    assert_eq!(again, one);
}

#[test]
fn a_wrong_password_counts_for_a_day() {
    const DAY: i64 = 24 * 60;
    given::<Credential>(and([compared(false, 2, 2)]))
        .when(|credential| credential.verify_password(false, &RULES, minute(2 + DAY)))
        .then([compared(false, 3, 2 + DAY), locked(7 + DAY)]);
    given::<Credential>(and([compared(false, 2, 2)]))
        .when(|credential| credential.verify_password(false, &RULES, minute(3 + DAY)))
        .then([compared(false, 1, 3 + DAY)]);
}

#[test]
fn another_hash_of_the_same_password_ends_a_reset() {
    let mut events = and(resetting());
    events.extend(Credential::default().rehash(PasswordHash::new("stronger"), minute(2)));
    let credential = given::<Credential>(events.clone()).state();
    assert_eq!((credential.password().expose(), credential.reset_hash()), ("stronger", None));
    let unknown = Err(CredentialError::UnknownToken);
    assert_eq!(credential.check_completable(&hash("reset"), minute(3)), unknown);
    // It can be asked for again.
    let [_, initiated] = resetting();
    given::<Credential>(events)
        .when(|credential| credential.initiate_reset(token("reset"), minute(0)))
        .then([initiated]);
}

#[test]
fn a_reset_needs_a_confirmed_registration() {
    given::<Credential>(registered())
        .when(|credential| credential.initiate_reset(token("reset"), minute(1)))
        .then_error(&CredentialError::NotVerified);
    given::<Credential>([confirmed()])
        .when(|credential| credential.initiate_reset(token("reset"), minute(1)))
        .then_error(&CredentialError::NotRegistered);
    let [_, initiated] = resetting();
    given::<Credential>(and([confirmed()]))
        .when(|credential| credential.initiate_reset(token("reset"), minute(0)))
        .then([initiated]);
}

#[test]
fn the_token_of_a_reset_is_good_for_two_hours_and_once() {
    let credential = given::<Credential>(and(resetting())).state();
    assert_eq!(credential.check_reset(&hash("reset"), minute(119)), Ok(()));
    let expired = Err(CredentialError::ExpiredToken);
    assert_eq!(credential.check_reset(&hash("reset"), minute(120)), expired);
    let unknown = Err(CredentialError::UnknownToken);
    assert_eq!(credential.check_reset(&hash("other"), minute(3)), unknown);
    let mut used = and(resetting());
    used.push(completed());
    let credential = given::<Credential>(used).state();
    assert_eq!(credential.check_reset(&hash("reset"), minute(3)), unknown);
    assert_eq!((credential.password().expose(), credential.generation()), ("second", 1));
}

#[test]
fn a_reset_refuses_in_order() {
    let complete = |token: &'static str, is_same, at| {
        move |credential: &Credential| {
            credential.complete_reset(
                &hash(token),
                PasswordHash::new("second"),
                is_same,
                minute(at),
            )
        }
    };
    let resetting = || given::<Credential>(and(resetting()));
    resetting().when(complete("other", true, 3)).then_error(&CredentialError::UnknownToken);
    resetting().when(complete("reset", true, 300)).then_error(&CredentialError::ExpiredToken);
    resetting().when(complete("reset", true, 3)).then_error(&CredentialError::SamePassword);
    resetting().when(complete("reset", false, 3)).then([completed()]);
    let [_, initiated] = self::resetting();
    given::<Credential>(and([initiated]))
        .when(complete("reset", true, 300))
        .then_error(&CredentialError::NotVerified);
}

#[test]
fn a_reset_unlocks_and_otherwise_keeps_the_count() {
    let complete = |credential: &Credential| {
        credential.complete_reset(&hash("reset"), PasswordHash::new("second"), false, minute(9))
    };
    for until in [8, 20] {
        let mut events = and(resetting());
        events.extend([compared(false, 3, 3), locked(until)]);
        given::<Credential>(events).when(complete).then([completed(), unlocked(9)]);
    }
    let mut events = and(resetting());
    events.extend([compared(false, 2, 3), completed()]);
    given::<Credential>(events)
        .when(|credential| credential.verify_password(false, &RULES, minute(9)))
        .then([compared(false, 3, 9), locked(14)]);
}

#[test]
fn what_is_closed_holds_nothing() {
    let closed = CredentialEvent::Closed { closed_on: minute(9) };
    given::<Credential>(and(resetting()))
        .when(|credential| Ok::<_, CredentialError>(credential.close(minute(9))))
        .then([closed.clone()]);
    let mut events = and(resetting());
    events.push(closed);
    let credential = given::<Credential>(events).state();
    assert_eq!((credential.email_digest(), credential.reset_hash()), ("", None));
    assert_eq!((credential.password().expose(), credential.generation()), ("", 1));
    assert_eq!(credential.check_verified(), Err(CredentialError::NotVerified));
    assert!(credential.close(minute(10)).is_empty(), "it is so already");
}
