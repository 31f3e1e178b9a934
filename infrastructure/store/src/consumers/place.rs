//! Where a consumer is, and what of that its checkpoint says.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How long a checkpoint may stay behind what changed nothing. Whoever reads that again after a
/// crash finds as little in it; a transaction for each would cost more than all the rest.
const SAVE: Duration = Duration::from_millis(100);

/// See the module.
pub(super) struct Place {
    /// Everything up to here is handled.
    pub at: u64,
    /// What the checkpoint says.
    pub saved: u64,
    since: Instant,
}

impl Place {
    /// Where a checkpoint is.
    pub fn of(checkpoint: u64) -> Self {
        Self { at: checkpoint, saved: checkpoint, since: Instant::now() }
    }
    /// The checkpoint moved, in the transaction of what was handled.
    pub fn saved(&mut self, to: u64) {
        *self = Self::of(to);
    }
    /// Whether the checkpoint is behind.
    pub fn is_ahead(&self) -> bool {
        self.at > self.saved
    }
    /// Whether the checkpoint is so for long enough.
    pub fn is_due(&self) -> bool {
        self.is_ahead() && Instant::now() >= self.since + SAVE
    }
    /// Waits until the checkpoint should move; for ever if it need not.
    pub async fn due(&self) {
        if self.is_ahead() {
            sleep_until(self.since + SAVE).await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}
