//! The first use of each access token while it is new: whoever used it did not lose the answer that
//! it came with, so that the refresh token which was spent for it can't be spent again.
//!
//! Of each token one host writes one note, before it answers the first request that comes with it;
//! all others cost a look at the token's age.

use std::{sync::Arc, time::Duration};

use application::{
    Error,
    ports::{Clock, UsedTokens},
};
use moka::future::Cache;
use tokio::time::timeout;

use crate::tokens::Verified;

/// How many notes are remembered, so that they are not written again.
const REMEMBERED: u64 = 100_000;
/// By how much the clocks of hosts may differ, in seconds.
const MARGIN: i64 = 5;
/// How long a request waits for its note.
const WAIT: Duration = Duration::from_secs(1);

/// Notes first uses.
pub struct FirstUses {
    used: Arc<dyn UsedTokens>,
    clock: Arc<dyn Clock>,
    /// How old the oldest token is that matters, in seconds; none does if nothing can be spent again.
    new: Option<i64>,
    noted: Cache<String, ()>,
}

impl FirstUses {
    /// `grace` is how long a spent refresh token can be spent again.
    #[must_use]
    pub fn new(used: Arc<dyn UsedTokens>, clock: Arc<dyn Clock>, grace: time::Duration) -> Self {
        let new = grace.is_positive().then(|| grace.whole_seconds().saturating_add(MARGIN));
        let kept =
            Duration::from_secs(new.and_then(|new| u64::try_from(new).ok()).unwrap_or(0) * 2);
        let noted = Cache::builder().time_to_live(kept).max_capacity(REMEMBERED).build();
        Self { used, clock, new, noted }
    }

    /// Notes that a good token came. One that can't be noted is good all the same.
    pub async fn note(&self, token: &Verified) {
        let age = self.clock.now().get().unix_timestamp().saturating_sub(token.issued);
        // Tokens that tell no version come from no session.
        if token.version.is_none() || self.new.is_none_or(|new| age > new) {
            return;
        }
        // Requests that come at once wait for the same note.
        let note = async { self.used.note(&token.id).await };
        let noted = timeout(WAIT, self.noted.try_get_with_by_ref(&token.id, note)).await;
        let noted = noted.map_err(|_| Arc::new(Error::unavailable("it takes too long")));
        if let Err(error) = noted.and_then(|noted| noted) {
            tracing::warn!(%error, "the use of a new access token could not be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use application::{Caller, Result};
    use async_trait::async_trait;
    use domain::kernel::Timestamp;

    use super::*;

    struct Now(Timestamp);

    impl Clock for Now {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    /// Fails the first time.
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    #[async_trait]
    impl UsedTokens for Notes {
        async fn note(&self, id: &str) -> Result<()> {
            let mut notes = self.0.lock().unwrap();
            notes.push(id.to_owned());
            if notes.len() == 1 { Err(Error::unavailable("not yet")) } else { Ok(()) }
        }
        async fn any(&self, _: &[String]) -> Result<bool> {
            Ok(false)
        }
    }

    async fn noted(grace: i64, age: i64, version: Option<u64>) -> usize {
        let now = Timestamp::parse("2026-06-01T12:00:00Z").unwrap();
        let notes = Arc::new(Notes::default());
        let grace = time::Duration::seconds(grace);
        let uses = FirstUses::new(notes.clone(), Arc::new(Now(now)), grace);
        let issued = now.get().unix_timestamp() - age;
        let token = Verified::new(Caller::maintenance(), version, issued, "a token".to_owned());
        for _ in 0..10 {
            uses.note(&token).await;
        }
        let notes = notes.0.lock().unwrap();
        notes.len()
    }

    #[tokio::test]
    async fn a_new_token_is_noted_once_and_again_only_if_that_failed() {
        assert_eq!(noted(10, 0, Some(1)).await, 2);
        assert_eq!(noted(10, 15, Some(1)).await, 2);
    }

    #[tokio::test]
    async fn what_can_make_no_difference_is_not_noted() {
        assert_eq!(noted(10, 16, Some(1)).await, 0, "an old token");
        assert_eq!(noted(10, 0, None).await, 0, "a token of no session");
        assert_eq!(noted(0, 0, Some(1)).await, 0, "nothing can be spent again");
    }
}
