//! Requests that must not be handled twice.

use application::ports::{Append, AppendError, IdempotencyKey, StoredAnswer};
use time::Duration;

use crate::support::{Fixture, at, stream, to};

fn keyed(id: &str, fingerprint: &str) -> Append {
    let (scope, key) = ("user_a POST /things".to_owned(), "k".to_owned());
    let idempotency = Some(IdempotencyKey { scope, key, fingerprint: fingerprint.into() });
    Append { idempotency, ..to(id, 0, 1) }
}

fn answer(fingerprint: &str, position: u64, id: &str) -> StoredAnswer {
    let stream = Some(stream(id));
    StoredAnswer { fingerprint: fingerprint.into(), position, stream, response: None }
}

pub async fn a_key_counts_for_a_day(f: &Fixture) {
    assert_eq!(f.log.append(keyed("a", "first")).await, at(1));
    let first = answer("first", 1, "a");
    f.clock.advance(Duration::hours(24) - Duration::MICROSECOND);
    for fingerprint in ["first", "second"] {
        let repeated = f.log.append(keyed("a", fingerprint)).await;
        assert_eq!(repeated, Err(AppendError::Duplicate(first.clone())), "before the conflict");
    }
    assert_eq!(f.log.answered("user_a POST /things", "k").await, Ok(Some(first)));
    assert_eq!(f.log.answered("user_b POST /things", "k").await, Ok(None));
    f.clock.advance(Duration::MICROSECOND);
    assert_eq!(f.log.answered("user_a POST /things", "k").await, Ok(None));
    assert_eq!(f.log.append(keyed("b", "second")).await, at(2), "an expired key is free");
    let second = Ok(Some(answer("second", 2, "b")));
    assert_eq!(f.log.answered("user_a POST /things", "k").await, second);
}

pub async fn the_response_is_kept_beside_the_key(f: &Fixture) {
    f.log.append(keyed("a", "f")).await.unwrap();
    f.log.keep_answer("user_a POST /things", "k", vec![0, 1, 255]).await.unwrap();
    f.log.keep_answer("nobody", "k", vec![1]).await.unwrap();
    let stored = StoredAnswer { response: Some(vec![0, 1, 255]), ..answer("f", 1, "a") };
    let repeated = f.log.append(keyed("a", "f")).await;
    assert_eq!(repeated, Err(AppendError::Duplicate(stored)));
    assert_eq!(f.log.answered("nobody", "k").await, Ok(None));
}
