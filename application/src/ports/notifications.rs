//! What was delivered to subscriptions.

use async_trait::async_trait;

use super::Recorded;
use crate::Result;

/// Notes of the events that were delivered by message.
#[async_trait]
pub trait Notifications: Send + Sync {
    /// Notes that an event was delivered to a subscription; the last one is kept of each event.
    ///
    /// # Errors
    /// Unavailable, if it can't be written.
    async fn delivered(&self, event: &Recorded, subscription: &str) -> Result<()>;
}

/// What a reaction made of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reacted {
    /// It is past it.
    Done,
    /// It gave up on it, and the event waits for an operator.
    GaveUp,
    /// It has not come to it in time.
    Late,
}
