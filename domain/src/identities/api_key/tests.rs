//! What becomes of API keys.

use super::*;
use crate::kernel::testing::given;

fn user(name: &str) -> UserId {
    UserId::parse(&format!("user_{name}{name}{name}{name}{name}")).expect("valid")
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::parse("2026-06-01T12:00:00Z").expect("valid").plus(Duration::minutes(minutes))
}

fn new(expires_on: Option<Timestamp>) -> NewApiKey {
    NewApiKey {
        user: user("an"),
        token: "a token".to_owned(),
        hash: TokenHash::new("a hash"),
        description: "a robot".to_owned(),
        expires_on,
    }
}

fn created(expires_on: Option<Timestamp>) -> Vec<ApiKeyEvent> {
    ApiKey::create(new(expires_on), minute(0)).expect("late enough")
}

fn with(expires_on: Option<Timestamp>, event: ApiKeyEvent) -> Vec<ApiKeyEvent> {
    created(expires_on).into_iter().chain([event]).collect()
}

fn expired(at: i64) -> ApiKeyEvent {
    ApiKeyEvent::Expired { user_id: user("an"), expired_on: minute(at) }
}

fn revoked(at: i64) -> ApiKeyEvent {
    ApiKeyEvent::Revoked { user_id: user("an"), revoked_on: minute(at) }
}

fn opens(history: Vec<ApiKeyEvent>, hash: &str, at: i64) -> bool {
    given::<ApiKey>(history).state().opens(&TokenHash::new(hash), minute(at))
}

#[test]
fn it_is_good_for_an_hour_at_least() {
    for (minutes, fits) in [(-1, false), (0, false), (59, false), (60, true), (61, true)] {
        let made = ApiKey::create(new(Some(minute(minutes))), minute(0));
        assert_eq!(made.err(), (!fits).then_some(ApiKeyError::ExpiresTooSoon), "{minutes}");
    }
    let state = given::<ApiKey>(created(None)).state();
    assert_eq!((state.token(), state.description()), ("a token", "a robot"));
    assert_eq!((state.user(), state.expires_on()), (Some(&user("an")), None));
}

#[test]
fn only_its_own_secret_opens_it() {
    assert!(opens(created(None), "a hash", 0));
    for other in ["", "a hasp", "A hash", "a hash "] {
        assert!(!opens(created(None), other, 0), "{other}");
    }
    assert!(!opens(vec![], "", 0));
}

#[test]
fn it_ends_at_its_time() {
    let history = created(Some(minute(60)));
    assert!(opens(history.clone(), "a hash", 59));
    assert!(!opens(history, "a hash", 60));
}

#[test]
fn it_ends_before_its_time_once() {
    let end = Some(minute(600));
    given::<ApiKey>(created(end))
        .when(|key| Ok::<_, ApiKeyError>(key.expire(minute(5))))
        .then([expired(5)]);
    given::<ApiKey>(created(None))
        .when(|key| Ok::<_, ApiKeyError>(key.expire(minute(5))))
        .then([expired(5)]);
    for history in [with(end, expired(5)), created(Some(minute(60)))] {
        given::<ApiKey>(history).when(|key| Ok::<_, ApiKeyError>(key.expire(minute(60)))).then([]);
    }
    assert!(!opens(with(end, expired(5)), "a hash", 5));
}

#[test]
fn it_is_revoked_once() {
    given::<ApiKey>(created(None))
        .when(|key| Ok::<_, ApiKeyError>(key.revoke(minute(5))))
        .then([revoked(5)]);
    given::<ApiKey>(with(None, revoked(5)))
        .when(|key| Ok::<_, ApiKeyError>(key.revoke(minute(6))))
        .then([]);
    assert!(!opens(with(None, revoked(5)), "a hash", 5));
}

#[test]
fn its_owner_alone_deletes_it() {
    let deleted = ApiKeyEvent::Deleted { deleted_by_id: user("an"), is_tombstone: true };
    given::<ApiKey>(created(None)).when(|key| key.delete(&user("an"))).then([deleted.clone()]);
    given::<ApiKey>(created(None))
        .when(|key| key.delete(&user("bo")))
        .then_error(&ApiKeyError::NotOwner);
    let gone = given::<ApiKey>(with(None, deleted.clone())).state();
    assert!(gone.is_deleted() && gone.expire(minute(5)).is_empty());
    assert!(!opens(with(None, deleted), "a hash", 0));
}
