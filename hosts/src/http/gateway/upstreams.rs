//! The hosts of one side: taken in turn, those that failed lately last.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use crate::http::route::Side;

/// How long a host that failed is asked only if no other answers.
const REST: Duration = Duration::from_secs(2);

/// A host behind a gateway.
#[derive(Debug)]
pub struct Upstream {
    /// Its base URL.
    pub url: String,
    /// Milliseconds since the gateway began; 0 for one that works.
    rests_until: AtomicU64,
}

impl Upstream {
    /// It answered.
    pub fn works(&self) {
        if self.rests_until.load(Ordering::Relaxed) != 0 {
            self.rests_until.store(0, Ordering::Relaxed);
        }
    }
}

/// All hosts of one side.
#[derive(Debug)]
pub struct Upstreams {
    /// Which side.
    pub side: Side,
    all: Vec<Upstream>,
    next: AtomicUsize,
    began: Instant,
}

impl Upstreams {
    /// Of these base URLs.
    pub fn new(side: Side, urls: Vec<String>) -> Self {
        let upstream = |url| Upstream { url, rests_until: AtomicU64::new(0) };
        Self {
            side,
            all: urls.into_iter().map(upstream).collect(),
            next: AtomicUsize::new(0),
            began: Instant::now(),
        }
    }

    /// In the order in which this request is to try them.
    pub fn in_turn(&self) -> Vec<&Upstream> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.all.len().max(1);
        let mut order: Vec<_> =
            (0..self.all.len()).filter_map(|at| self.all.get((first + at) % count)).collect();
        let now = self.now();
        // Stable: those that work stay in turn.
        order.sort_by_key(|upstream| upstream.rests_until.load(Ordering::Relaxed) > now);
        order
    }

    /// A host could not be reached, or broke off.
    pub fn failed(&self, upstream: &Upstream) {
        let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
        upstream.rests_until.store(self.now() + rest, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(upstreams: &Upstreams) -> Vec<&str> {
        upstreams.in_turn().into_iter().map(|upstream| upstream.url.as_str()).collect()
    }

    #[test]
    fn each_is_first_in_turn_and_those_that_failed_are_last() {
        let upstreams = Upstreams::new(Side::Queries, vec!["a".into(), "b".into(), "c".into()]);
        assert_eq!(order(&upstreams), ["a", "b", "c"]);
        assert_eq!(order(&upstreams), ["b", "c", "a"]);
        assert_eq!(order(&upstreams), ["c", "a", "b"]);
        let a = upstreams.all.first().expect("there are three");
        upstreams.failed(a);
        assert_eq!(order(&upstreams), ["b", "c", "a"]);
        assert_eq!(order(&upstreams), ["b", "c", "a"]);
        a.works();
        assert_eq!(order(&upstreams), ["c", "a", "b"]);
        assert_eq!(order(&upstreams), ["a", "b", "c"]);
    }
}
