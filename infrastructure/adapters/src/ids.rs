//! Random and time-ordered identifiers.

use std::sync::Arc;

use application::ports::{Clock, Ids};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use domain::kernel::IdToken;
use uuid::{Builder, Uuid};

/// Ids from the cryptographic random generator.
pub struct RandomIds {
    clock: Arc<dyn Clock>,
}

impl RandomIds {
    /// The clock gives event ids their order.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Ids for RandomIds {
    fn token(&self) -> IdToken {
        loop {
            let text: String = STANDARD_NO_PAD
                .encode(random::<16>())
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            // 22 characters, each of them lost with probability 1/32: fewer than ten are left about
            // once in 10^13 times.
            if let Ok(token) = IdToken::new(text) {
                return token;
            }
        }
    }

    fn event_id(&self) -> Uuid {
        event_id(self.clock.as_ref(), &random())
    }
}

/// A version 7 UUID (RFC 9562) of the current millisecond.
pub(crate) fn event_id(clock: &dyn Clock, random: &[u8; 10]) -> Uuid {
    let nanos = clock.now().get().unix_timestamp_nanos();
    let millis = u64::try_from(nanos / 1_000_000).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

/// Random bytes. The generator seeds itself and aborts the process when it can't, so that trying
/// again only satisfies its signature.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    while rand::fill(&mut bytes).is_err() {}
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn tokens_are_unique_letters_and_digits() {
        let ids = RandomIds::new(Arc::new(SystemClock));
        let made: std::collections::HashSet<String> =
            (0..10_000).map(|_| ids.token().with_prefix("car")).collect();
        assert_eq!(made.len(), 10_000);
    }

    #[test]
    fn event_ids_are_version_7_and_carry_the_time() {
        let before = SystemClock.now();
        let id = RandomIds::new(Arc::new(SystemClock)).event_id();
        assert_eq!(id.get_version_num(), 7);
        let (seconds, _) = id.get_timestamp().expect("version 7 has a time").to_unix();
        assert!(seconds.abs_diff(u64::try_from(before.get().unix_timestamp()).unwrap()) <= 1);
    }
}
