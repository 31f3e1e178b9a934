//! What happens when a consumer can't go on: it waits, says so, and begins again from its
//! checkpoint.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::error::ConsumerError;
use crate::backoff::Backoff;

/// A session that lasted this long shows that things were well in between.
const WELL: Duration = Duration::from_secs(10);

/// Paces the restarts of one consumer.
pub(super) struct Supervisor {
    name: &'static str,
    backoff: Backoff,
    began: Instant,
}

impl Supervisor {
    pub fn new(name: &'static str) -> Self {
        Self { name, backoff: Backoff::OUTAGE, began: Instant::now() }
    }

    /// Waits after a session that ended with an error; `true` if it is time to stop.
    pub async fn stops(&mut self, error: ConsumerError, stop: &mut watch::Receiver<bool>) -> bool {
        if self.began.elapsed() > WELL {
            self.backoff.reset();
        }
        match error {
            ConsumerError::Superseded => {
                tracing::warn!(consumer = self.name, "superseded; reading its checkpoint again");
            }
            ConsumerError::Stopped => {
                tracing::info!(consumer = self.name, "stops in the middle of an event");
            }
            ConsumerError::Outage(why) => {
                tracing::warn!(consumer = self.name, why, "waiting for a database");
            }
            ConsumerError::Refused(error) => {
                tracing::error!(consumer = self.name, %error, "can't go on; trying again");
            }
            ConsumerError::Corrupt(why) => {
                tracing::error!(consumer = self.name, why, "can't go on; trying again");
            }
        }
        let stops = stopped_within(stop, tokio::time::sleep(self.backoff.next())).await;
        self.began = Instant::now();
        stops
    }
}

/// Waits, unless it is told to stop; then `true`.
pub(super) async fn stopped_within(
    stop: &mut watch::Receiver<bool>,
    wait: impl Future<Output = ()>,
) -> bool {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => true,
        () = wait => false,
    }
}
