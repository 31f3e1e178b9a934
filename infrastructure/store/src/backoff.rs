//! Waiting longer and longer.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use tokio::sync::watch;

/// Waits that double up to a cap; each is cut by up to a half at random, so that many waiters
/// don't come back at once.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    next: Duration,
    first: Duration,
    cap: Duration,
}

impl Backoff {
    /// For a database or log that is away.
    pub const OUTAGE: Self = Self::new(Duration::from_millis(50), Duration::from_secs(5));
    /// For an event that fails.
    pub const EVENT: Self = Self::new(Duration::from_millis(100), Duration::from_secs(4));

    const fn new(first: Duration, cap: Duration) -> Self {
        Self { next: first, first, cap }
    }
    /// Begins again with the shortest wait.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
    /// How long to wait now.
    #[expect(clippy::should_implement_trait, reason = "waits are no iterator to be adapted")]
    pub fn next(&mut self) -> Duration {
        let full = self.next;
        self.next = (full * 2).min(self.cap);
        cut(full)
    }
}

/// How long those that tidy up rest between two bits.
const REST: Duration = Duration::from_secs(30);

/// Rests before the next bit is tidied up, unless it is time to stop.
pub(crate) async fn pause(stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = tokio::time::sleep(REST) => {}
    }
}

/// Up to a half less, at random.
pub(crate) fn cut(full: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 512;
    full * (1024 - u32::try_from(random).unwrap_or(0)) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_never_fall_below_half() {
        let mut backoff = Backoff::OUTAGE;
        for expected in [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let (wait, full) = (backoff.next(), Duration::from_millis(expected));
            assert!(wait <= full && wait >= full / 2, "{wait:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(50));
    }
}
