//! Uses of API keys on their way to where they are noted. No request waits for that.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use application::{App, identities::api_keys::uses, ports::ApiKeyUse};
use domain::identities::ApiKeyId;
use moka::sync::Cache;
use tokio::sync::watch;

use super::ApiKeys;

/// How long a use waits for others at most.
const WAIT: Duration = Duration::from_secs(1);
/// How many keys wait at most; what is used beyond that is noted when it is used again.
const MOST: usize = 10_000;
/// How many keys are remembered with the minute that was noted last.
const NOTED: u64 = 100_000;
/// How long they are.
const REMEMBERED: Duration = Duration::from_mins(2);

/// The last use of each key that is to be noted.
pub(super) struct Uses {
    waiting: Mutex<HashMap<ApiKeyId, ApiKeyUse>>,
    /// In whole minutes since 1970.
    noted: Cache<ApiKeyId, i64>,
}

impl Default for Uses {
    fn default() -> Self {
        let noted = Cache::builder().time_to_live(REMEMBERED).max_capacity(NOTED).build();
        Self { waiting: Mutex::default(), noted }
    }
}

impl Uses {
    /// Adds a use, unless the key was noted in the same minute.
    pub(super) fn add(&self, used: ApiKeyUse) {
        if self.noted.get(&used.key) == Some(minute(&used)) {
            return;
        }
        let mut waiting = self.lock();
        let full = waiting.len() >= MOST;
        match waiting.entry(used.key.clone()) {
            Entry::Occupied(mut earlier) => {
                earlier.insert(used);
            }
            Entry::Vacant(place) if !full => {
                place.insert(used);
            }
            Entry::Vacant(_) => {}
        }
    }

    pub(super) async fn flush(&self, app: &App) {
        let uses: Vec<ApiKeyUse> = self.lock().drain().map(|(_, used)| used).collect();
        if uses.is_empty() {
            return;
        }
        for used in &uses {
            self.noted.insert(used.key.clone(), minute(used));
        }
        let keys: Vec<ApiKeyId> = uses.iter().map(|used| used.key.clone()).collect();
        if let Err(error) = uses::record(app, uses).await {
            tracing::warn!(%error, keys = keys.len(), "uses of API keys could not be noted");
            for key in &keys {
                self.noted.invalidate(key);
            }
        }
    }

    /// What a panic leaves are whole uses.
    fn lock(&self) -> MutexGuard<'_, HashMap<ApiKeyId, ApiKeyUse>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn minute(used: &ApiKeyUse) -> i64 {
    used.at.get().unix_timestamp().div_euclid(60)
}

/// Notes uses, again and again, until `stop` turns true.
pub async fn run(keys: Arc<ApiKeys>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(WAIT) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        keys.flush().await;
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::{IdToken, Timestamp, UserId};

    use super::*;

    fn used(number: u128, seconds: i64) -> ApiKeyUse {
        let at = Timestamp::parse("2026-06-01T12:00:00Z").unwrap();
        ApiKeyUse {
            key: ApiKeyId::new(IdToken::from_bits(number)),
            user: UserId::anonymous(),
            at: at.plus(time::Duration::seconds(seconds)),
        }
    }

    #[test]
    fn the_last_use_of_each_key_waits_and_what_waits_is_bounded() {
        let uses = Uses::default();
        uses.add(used(1, 0));
        uses.add(used(1, 5));
        assert_eq!(uses.lock().values().cloned().collect::<Vec<_>>(), [used(1, 5)]);
        for number in 0..20_000 {
            uses.add(used(number, 6));
        }
        assert_eq!(uses.lock().len(), MOST);
    }

    #[test]
    fn a_key_waits_once_a_minute() {
        let uses = Uses::default();
        uses.noted.insert(used(1, 0).key, minute(&used(1, 0)));
        uses.add(used(1, 59));
        assert!(uses.lock().is_empty());
        uses.add(used(1, 60));
        assert_eq!(uses.lock().len(), 1);
    }
}
