//! How often one caller may ask: a token bucket for each, in bounded memory.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use super::settings::Rate;

const SHARDS: usize = 16;
/// Callers that one shard remembers; beyond it, those who have been quiet are forgotten.
const PER_SHARD: usize = 4096;

/// Counts requests per caller.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<u64, Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Limiter {
    /// For a rate.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { rate, hasher: RandomState::new(), shards }
    }

    /// Whether one more request of this caller is within the rate at this time.
    pub fn admits(&self, caller: &impl Hash, now: Instant) -> bool {
        let key = self.hasher.hash_one(caller);
        let place = usize::try_from(key % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(place) else { return true };
        // A poisoned shard still holds whole buckets: each is changed by plain assignments.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= PER_SHARD && !shard.contains_key(&key) {
            shard.retain(|_, bucket| self.filled(bucket, now) < f64::from(self.rate.burst));
            if shard.len() >= PER_SHARD {
                shard.clear();
            }
        }
        let full = Bucket { tokens: f64::from(self.rate.burst), at: now };
        let bucket = shard.entry(key).or_insert(full);
        bucket.tokens = self.filled(bucket, now);
        bucket.at = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }

    fn filled(&self, bucket: &Bucket, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.tokens + gained * f64::from(self.rate.per_second)).min(f64::from(self.rate.burst))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds_for_each_caller() {
        let limiter = Limiter::new(Rate { per_second: 10, burst: 3 });
        let start = Instant::now();
        assert!((0..3).all(|_| limiter.admits(&"a", start)));
        assert!(!limiter.admits(&"a", start));
        assert!(limiter.admits(&"b", start), "another caller has its own bucket");
        assert!(limiter.admits(&"a", start + Duration::from_millis(100)));
        assert!(!limiter.admits(&"a", start + Duration::from_millis(100)));
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::new(Rate { per_second: 1, burst: 1 });
        let now = Instant::now();
        for caller in 0..200_000 {
            limiter.admits(&caller, now);
        }
        let remembered: usize =
            limiter.shards.iter().map(|shard| shard.lock().expect("whole").len()).sum();
        assert!(remembered <= SHARDS * PER_SHARD);
    }
}
