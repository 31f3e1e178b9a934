//! Audits at a bounded rate, of what anybody can do as fast as the network carries it: each audit is
//! a row that is kept for ever.

use std::time::{Duration, Instant};

/// Audits of one kind that are kept at once.
const BURST: u64 = 20;
/// How long it takes until one more is kept: 8,640 a day of one kind and process at most.
const EVERY: Duration = Duration::from_secs(10);

/// Allows the first audits of a burst, then one now and then, which tells how many it stands for.
#[derive(Debug)]
pub struct Budget {
    left: u64,
    /// When the last one was added to `left`.
    at: Option<Instant>,
    /// What happened since the last audit.
    uncounted: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: BURST, at: None, uncounted: 0 }
    }
}

impl Budget {
    /// How much an audit now stands for; `None` if there must be none.
    pub fn spend(&mut self, now: Instant) -> Option<u64> {
        let at = *self.at.get_or_insert(now);
        let gained = now.saturating_duration_since(at).as_secs() / EVERY.as_secs();
        if gained > 0 {
            self.left = (self.left + gained).min(BURST);
            self.at = Some(now);
        }
        self.uncounted += 1;
        self.left = self.left.checked_sub(1)?;
        Some(std::mem::take(&mut self.uncounted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_kept_as_a_burst_and_then_counted() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let kept = (0..100_000).filter(|_| budget.spend(start) == Some(1)).count();
        assert_eq!(kept, 20);
        assert_eq!(budget.spend(start + EVERY / 2), None);
        let missed = 100_000 - 20 + 1;
        assert_eq!(budget.spend(start + EVERY), Some(missed + 1), "it stands for all that passed");
        assert_eq!(budget.spend(start + EVERY), None);
    }

    #[test]
    fn quiet_gives_the_burst_back() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        while budget.spend(start).is_some() {}
        let later = start + EVERY * 1000;
        assert_eq!((0..100).filter(|_| budget.spend(later).is_some()).count(), 20);
    }
}
