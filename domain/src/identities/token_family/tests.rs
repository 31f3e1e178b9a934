//! What becomes of refresh tokens, whoever sends them.

use super::*;
use crate::kernel::testing::{Outcome, given};

const GRACE: Duration = Duration::seconds(10);
const LIFETIME: Duration = Duration::days(14);

fn user() -> UserId {
    UserId::parse("user_aaaaaaaaaa").expect("valid")
}

fn second(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-06-01T12:00:00Z").expect("valid").plus(Duration::seconds(seconds))
}

fn hash(name: &str) -> TokenHash {
    TokenHash::new(name)
}

fn issued(name: &str, at: i64) -> Issued {
    Issued {
        access_token_id: format!("access {name}"),
        access_token_expires_on: second(at + 900),
        refresh_token: hash(name),
        refresh_token_expires_on: second(at).plus(LIFETIME),
    }
}

fn begun() -> Vec<TokenEvent> {
    let beginning = Beginning {
        user: user(),
        provider: "credentials".to_owned(),
        generation: 2,
        authenticated_on: second(0),
    };
    TokenFamily::begin(beginning, issued("a", 0))
}

fn refreshed(spent: &str, name: &str, at: i64) -> TokenEvent {
    let Issued {
        access_token_id,
        access_token_expires_on,
        refresh_token,
        refresh_token_expires_on,
    } = issued(name, at);
    TokenEvent::TokensRefreshed {
        user_id: user(),
        spent_token_hash: hash(spent),
        access_token_id,
        access_token_expires_on,
        refresh_token_hash: refresh_token,
        refresh_token_expires_on,
        refreshed_on: second(at),
    }
}

fn refresh(
    history: &[TokenEvent],
    spent: &str,
    name: &str,
    at: i64,
) -> Outcome<TokenEvent, FamilyError> {
    given::<TokenFamily>(begun().into_iter().chain(history.iter().cloned()))
        .when(|family| family.refresh(&hash(spent), 2, issued(name, at), Some(GRACE), second(at)))
}

fn revoked(reason: Revocation) -> TokenEvent {
    TokenEvent::TokensRevoked { user_id: user(), reason }
}

#[test]
fn each_token_is_spent_for_the_next_without_limit() {
    let mut history = vec![];
    let names: Vec<String> = (0..50).map(|number| format!("t{number}")).collect();
    let mut last = "a".to_owned();
    for (at, name) in (100..).step_by(100).zip(names) {
        refresh(&history, &last, &name, at).then([refreshed(&last, &name, at)]);
        history.push(refreshed(&last, &name, at));
        last = name;
    }
}

#[test]
fn a_token_ends_after_its_time() {
    let lifetime = LIFETIME.whole_seconds();
    refresh(&[], "a", "b", lifetime - 1).then([refreshed("a", "b", lifetime - 1)]);
    refresh(&[], "a", "b", lifetime).then_error(&FamilyError::Expired);
}

#[test]
fn a_spent_token_that_comes_again_is_noticed() {
    let history = [refreshed("a", "b", 100), refreshed("b", "c", 200)];
    for token in ["a", "b"] {
        refresh(&history, token, "d", 300).then_error(&FamilyError::Reused);
    }
    refresh(&history, "a", "d", 201).then_error(&FamilyError::Reused);
    refresh(&history, "nonsense", "d", 300).then_error(&FamilyError::Unknown);
}

#[test]
fn whoever_lost_the_answer_may_ask_again_for_a_moment() {
    let history = [refreshed("a", "b", 100)];
    refresh(&history, "a", "c", 110).then([refreshed("a", "c", 110)]);
    refresh(&history, "a", "c", 111).then_error(&FamilyError::Reused);
}

#[test]
fn the_tokens_of_the_lost_answer_are_void() {
    let history = [refreshed("a", "b", 100), refreshed("a", "c", 105)];
    refresh(&history, "b", "d", 106).then_error(&FamilyError::Reused);
    refresh(&history, "c", "d", 106).then([refreshed("c", "d", 106)]);
}

#[test]
fn asking_again_does_not_make_the_moment_longer() {
    let history = [refreshed("a", "b", 100), refreshed("a", "c", 109)];
    refresh(&history, "a", "d", 110).then([refreshed("a", "d", 110)]);
    refresh(&history, "a", "d", 111).then_error(&FamilyError::Reused);
}

#[test]
fn an_answer_that_was_used_was_not_lost() {
    let history = [refreshed("a", "b", 100), refreshed("b", "c", 101)];
    refresh(&history, "a", "d", 102).then_error(&FamilyError::Reused);
}

#[test]
fn an_answer_whose_access_token_was_used_was_not_lost() {
    let history = begun().into_iter().chain([refreshed("a", "b", 100)]);
    given::<TokenFamily>(history)
        .when(|family| family.refresh(&hash("a"), 2, issued("c", 101), None, second(101)))
        .then_error(&FamilyError::Reused);
    let history = begun().into_iter().chain([refreshed("a", "b", 100)]);
    given::<TokenFamily>(history)
        .when(|family| family.refresh(&hash("b"), 2, issued("c", 101), None, second(101)))
        .then([refreshed("b", "c", 101)]);
}

#[test]
fn the_access_tokens_of_every_lost_answer_are_known_until_the_next_token_is_spent() {
    let after = |history: &[TokenEvent]| {
        given::<TokenFamily>(begun().into_iter().chain(history.iter().cloned())).state()
    };
    let mut history = vec![refreshed("a", "b", 100), refreshed("a", "c", 105)];
    assert_eq!(after(&history).answers_to(&hash("a")), ["access b", "access c"]);
    assert!(after(&history).answers_to(&hash("b")).is_empty(), "it can't be spent again");
    assert!(after(&history).answers_to(&hash("c")).is_empty(), "it was not spent");
    history.push(refreshed("c", "d", 106));
    assert_eq!(after(&history).answers_to(&hash("c")), ["access d"]);
    assert!(after(&history).answers_to(&hash("a")).is_empty());
    history.push(revoked(Revocation::Asked));
    assert!(after(&history).answers_to(&hash("c")).is_empty());
}

#[test]
fn a_revoked_family_knows_no_token() {
    let history = [refreshed("a", "b", 100), revoked(Revocation::Reused)];
    for token in ["a", "b"] {
        refresh(&history, token, "c", 101).then_error(&FamilyError::Revoked);
    }
    let family = given::<TokenFamily>(begun().into_iter().chain(history)).state();
    assert_eq!(family.remembered().count(), 0);
    assert!(family.revoke(Revocation::Asked).is_empty(), "it is so already");
}

#[test]
fn a_reset_password_ends_every_earlier_family() {
    given::<TokenFamily>(begun())
        .when(|family| family.refresh(&hash("a"), 3, issued("b", 100), Some(GRACE), second(100)))
        .then_error(&FamilyError::Revoked);
    given::<TokenFamily>(begun())
        .when(|family| family.end(&hash("a"), 3))
        .then_error(&FamilyError::Revoked);
}

#[test]
fn its_current_token_ends_it_and_no_other() {
    let history = || begun().into_iter().chain([refreshed("a", "b", 100)]);
    given::<TokenFamily>(history())
        .when(|family| family.end(&hash("b"), 2))
        .then([revoked(Revocation::Asked)]);
    given::<TokenFamily>(history())
        .when(|family| family.end(&hash("a"), 2))
        .then_error(&FamilyError::Reused);
    given::<TokenFamily>(history())
        .when(|family| family.end(&hash("x"), 2))
        .then_error(&FamilyError::Unknown);
}

#[test]
fn it_remembers_spent_tokens_until_they_would_have_ended_and_not_too_many() {
    let lifetime = LIFETIME.whole_seconds();
    let history = [refreshed("a", "b", 100), refreshed("b", "c", lifetime)];
    let family = given::<TokenFamily>(begun().into_iter().chain(history)).state();
    let remembered: Vec<_> = family.remembered().map(TokenHash::as_str).collect();
    assert_eq!(remembered, ["b", "c"]);
    let mut family = given::<TokenFamily>(begun()).state();
    let mut last = "a".to_owned();
    for number in 0..300 {
        let name = format!("t{number}");
        family.evolve(&refreshed(&last, &name, number));
        last = name;
    }
    assert_eq!(family.remembered().count(), REMEMBERED + 1);
}

#[test]
fn so_many_so_quickly_that_a_stolen_one_could_be_forgotten_end_the_session() {
    let refreshed_each = |seconds: i64| -> Vec<TokenEvent> {
        let name = |number: i64| if number == 0 { "a".to_owned() } else { format!("t{number}") };
        (0..200)
            .map(|number| refreshed(&name(number), &name(number + 1), (number + 1) * seconds))
            .collect()
    };
    refresh(&refreshed_each(1), "t200", "x", 201).then_error(&FamilyError::Reused);
    let next = refreshed("t200", "x", 201 * 60);
    refresh(&refreshed_each(60), "t200", "x", 201 * 60).then([next]);
}

#[test]
fn the_time_of_the_sign_in_is_kept_through_refreshes() {
    let history = begun().into_iter().chain([refreshed("a", "b", 100)]);
    let family = given::<TokenFamily>(history).state();
    assert_eq!((family.authenticated_on(), family.user()), (Some(second(0)), Some(&user())));
}
