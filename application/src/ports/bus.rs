//! The bus that carries events to consumers in other processes, and work to its workers.

use async_trait::async_trait;

use super::{DueWork, Recorded, WorkQueue};

/// What the relay tells the consumers of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// The part that it is about.
    pub part: u16,
    /// The position of the part's event before this one; `None` if the relay does not know it, so
    /// that consumers look into the log.
    pub previous: Option<u64>,
    /// What there is to tell.
    pub news: News,
}

/// See [`Announcement`].
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Something happened.
    Event(Recorded),
    /// Nothing happened in this part up to a position.
    Quiet(u64),
}

/// Why the bus did not take what it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// It can't be reached, or did not confirm in time. Whether it has them is unknown.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// It is not set up as it must be; the sentence says what to do.
    #[error("{0}")]
    Misconfigured(String),
}

/// Publishes. What was taken is durable; what was not may have been taken all the same, so it is
/// published again, and receivers drop what they know.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Publishes in this order, and returns when all of it is confirmed.
    ///
    /// # Errors
    /// [`BusError`]; publish all of it again then.
    async fn announce(&self, announcements: Vec<Announcement>) -> Result<(), BusError>;
    /// Puts work on its queues, and returns when all of it is confirmed.
    ///
    /// # Errors
    /// As [`Self::announce`].
    async fn enqueue(&self, work: Vec<DueWork>) -> Result<(), BusError>;
    /// How many messages a queue of work holds.
    ///
    /// # Errors
    /// As [`Self::announce`].
    async fn holds(&self, queue: WorkQueue) -> Result<u64, BusError>;
}
