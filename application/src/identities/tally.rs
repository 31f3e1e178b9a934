//! What anybody can provoke as fast as the network carries it, and must not have each time: audits,
//! which are kept for ever, and e-mails to somebody else.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::kernel::Timestamp;

/// What is over is forgotten once so much is counted, and then once twice as much is as was left: so
/// each is looked at now and then only, however many there are.
const REMEMBERED: usize = 1024;

/// Counts what happens for the same reason, as far as this process sees it.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    by_reason: HashMap<String, Count>,
    /// How many were left when what is over was forgotten last.
    left: usize,
}

#[derive(Debug)]
struct Count {
    until: Timestamp,
    times: u64,
}

/// Whether an audit is to tell that something happened so often: of the first time, the second, the
/// fourth and so on, so that the most eager guesser makes a few dozen.
#[must_use]
pub fn is_told(times: u64) -> bool {
    times.is_power_of_two()
}

impl Tally {
    /// How often it happened for a reason, with this time. What happens first is counted until then.
    pub fn count(&self, reason: String, until: Timestamp, now: Timestamp) -> u64 {
        // A poisoned map is whole: it is changed by single calls.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.by_reason.len() >= REMEMBERED.max(2 * counts.left) {
            counts.by_reason.retain(|_, count| count.until > now);
            counts.left = counts.by_reason.len();
        }
        let count = counts.by_reason.entry(reason).or_insert(Count { until, times: 0 });
        if count.until <= now {
            *count = Count { until, times: 0 };
        }
        count.times += 1;
        count.times
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
    fn of_ten_thousand_a_few_are_told() {
        let tally = Tally::default();
        let counts = (0..10_000).map(|_| tally.count("ann".to_owned(), minute(10), minute(1)));
        let told = counts.filter(|times| is_told(*times));
        assert_eq!(told.collect::<Vec<_>>(), (0..14).map(|power| 1 << power).collect::<Vec<_>>());
    }

    #[test]
    fn another_reason_counts_from_one_and_so_does_one_whose_time_is_over() {
        let tally = Tally::default();
        let counts = [("ann", 1), ("ann", 2), ("ann", 9), ("bea", 9), ("ann", 10), ("ann", 11)]
            .map(|(reason, at)| tally.count(reason.to_owned(), minute(at + 9), minute(at)));
        assert_eq!(counts, [1, 2, 3, 1, 1, 2]);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let tally = Tally::default();
        for number in 0..10 * REMEMBERED {
            let now = minute(i64::try_from(number).unwrap());
            tally.count(number.to_string(), now.plus(Duration::minutes(5)), now);
        }
        assert!(tally.0.lock().unwrap().by_reason.len() <= REMEMBERED);
    }
}
