//! Refusals that anybody can provoke as fast as the network carries them, where each audit is a row
//! that is kept for ever.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::kernel::Timestamp;

/// What is over is forgotten once so much is counted.
const REMEMBERED: usize = 1024;

/// Counts refusals for the same reason, as far as this process sees them.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<String, Count>>);

#[derive(Debug)]
struct Count {
    until: Timestamp,
    refusals: u64,
}

impl Refusals {
    /// Counts a refusal for a reason that is counted until then. How many there were, if an audit is
    /// to tell it: of the first, the second, the fourth and so on, so that the most eager guesser
    /// makes a few dozen.
    pub fn count(&self, reason: String, until: Timestamp, now: Timestamp) -> Option<u64> {
        // A poisoned map is whole: it is changed by single calls.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED {
            counts.retain(|_, count| count.until > now);
        }
        let count = counts.entry(reason).or_insert(Count { until, refusals: 0 });
        if count.until <= now {
            *count = Count { until, refusals: 0 };
        }
        count.refusals += 1;
        count.refusals.is_power_of_two().then_some(count.refusals)
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
        let refusals = Refusals::default();
        let told =
            (0..10_000).filter_map(|_| refusals.count("ann".to_owned(), minute(10), minute(1)));
        assert_eq!(told.collect::<Vec<_>>(), (0..14).map(|power| 1 << power).collect::<Vec<_>>());
    }

    #[test]
    fn another_reason_counts_from_one_and_so_does_one_whose_time_is_over() {
        let refusals = Refusals::default();
        let told = [("ann", 1), ("ann", 2), ("ann", 9), ("bea", 9), ("ann", 10), ("ann", 11)]
            .map(|(reason, at)| refusals.count(reason.to_owned(), minute(at + 9), minute(at)));
        assert_eq!(told, [Some(1), Some(2), None, Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let refusals = Refusals::default();
        for number in 0..10 * REMEMBERED {
            let now = minute(i64::try_from(number).unwrap());
            refusals.count(number.to_string(), now.plus(Duration::minutes(5)), now);
        }
        assert!(refusals.0.lock().unwrap().len() <= REMEMBERED);
    }
}
