//! Sign-ins at locked accounts: anybody can try those as fast as the network carries them, and each
//! audit is a row that is kept for ever.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::kernel::Timestamp;

/// Locks that are over are forgotten once so many are known.
const REMEMBERED: usize = 1024;

/// Counts the attempts during each lock, as far as this process sees them.
#[derive(Debug, Default)]
pub struct LockedAttempts(Mutex<HashMap<String, Lock>>);

#[derive(Debug)]
struct Lock {
    until: Timestamp,
    attempts: u64,
}

impl LockedAttempts {
    /// Counts an attempt at an account that is locked for so long. The number of attempts, if an
    /// audit is to tell it: of the first, the second, the fourth and so on, so that the most eager
    /// guesser makes a few dozen.
    pub fn count(&self, account: &str, until: Timestamp, now: Timestamp) -> Option<u64> {
        // A poisoned map is whole: it is changed by single calls.
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if locks.len() >= REMEMBERED {
            locks.retain(|_, lock| lock.until > now);
        }
        let lock = locks.entry(account.to_owned()).or_insert(Lock { until, attempts: 0 });
        if lock.until != until {
            *lock = Lock { until, attempts: 0 };
        }
        lock.attempts += 1;
        lock.attempts.is_power_of_two().then_some(lock.attempts)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::parse("2026-06-01T12:00:00Z").expect("valid").plus(Duration::minutes(minutes))
    }

    #[test]
    fn of_ten_thousand_attempts_a_few_are_told() {
        let locked_attempts = LockedAttempts::default();
        let told = (0..10_000).filter_map(|_| locked_attempts.count("ann", minute(10), minute(1)));
        assert_eq!(told.collect::<Vec<_>>(), (0..14).map(|power| 1 << power).collect::<Vec<_>>());
    }

    #[test]
    fn another_lock_and_another_account_count_from_one() {
        let locked_attempts = LockedAttempts::default();
        let told = [("ann", 10), ("ann", 10), ("ann", 10), ("bea", 10), ("ann", 30)]
            .map(|(account, until)| locked_attempts.count(account, minute(until), minute(1)));
        assert_eq!(told, [Some(1), Some(2), None, Some(1), Some(1)]);
    }

    #[test]
    fn locks_that_are_over_are_forgotten() {
        let locked_attempts = LockedAttempts::default();
        for account in 0..10 * REMEMBERED {
            let now = minute(i64::try_from(account).unwrap());
            locked_attempts.count(&account.to_string(), now.plus(Duration::minutes(5)), now);
        }
        assert!(locked_attempts.0.lock().unwrap().len() <= REMEMBERED);
    }
}
