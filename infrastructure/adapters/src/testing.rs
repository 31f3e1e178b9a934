//! Adapters that tests inject: a clock that stands still, and ids that repeat.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use application::ports::{Clock, Ids};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use domain::kernel::{IdToken, Timestamp};
use time::Duration;
use uuid::Uuid;

use crate::ids::event_id;

/// A clock that moves only when told to.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Stands at a point in time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }
    /// Moves forward, or back if negative.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.plus(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same ids in the same order for the same seed.
pub struct SeededIds {
    seed: u64,
    made: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl SeededIds {
    /// Begins a sequence.
    #[must_use]
    pub fn new(seed: u64, clock: Arc<dyn Clock>) -> Self {
        Self { seed, made: AtomicU64::new(0), clock }
    }
    fn next(&self) -> [u8; 32] {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let text = [self.seed.to_be_bytes(), number.to_be_bytes()].concat();
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, &text).as_ref());
        bytes
    }
}

impl Ids for SeededIds {
    fn token(&self) -> IdToken {
        loop {
            let text = STANDARD_NO_PAD.encode(&self.next()[..16]);
            let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            if let Ok(token) = IdToken::new(text) {
                return token;
            }
        }
    }
    fn event_id(&self) -> Uuid {
        let mut random = [0; 10];
        random.copy_from_slice(&self.next()[..10]);
        event_id(self.clock.as_ref(), &random)
    }
}

/// Another clock, ahead by so many seconds.
pub struct OffsetClock {
    clock: Arc<dyn Clock>,
    ahead: AtomicI64,
}

impl OffsetClock {
    /// Not ahead yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ahead: AtomicI64::new(0) }
    }
    /// Sets how far it is ahead.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for OffsetClock {
    fn now(&self) -> Timestamp {
        self.clock.now().plus(Duration::seconds(self.ahead.load(Ordering::Relaxed)))
    }
}
