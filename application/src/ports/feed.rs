//! What feeds consumers: the log itself, an in-process bus or a broker.

use async_trait::async_trait;

use super::{LogError, Recorded};

/// A run of events of one part of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The position that this run begins after: no event of the part lies between it and the first.
    /// A consumer whose checkpoint is elsewhere drops what it knows and reads a gap from the log.
    pub after: u64,
    /// In order of position.
    pub events: Vec<Recorded>,
    /// Every event of the part up to here is in this page or an earlier one.
    pub through: u64,
}

/// A source of events. It may repeat and it may leave gaps; the consumer's checkpoint decides.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The next run after a position: waits until there is something, or until `through` can move.
    ///
    /// # Errors
    /// [`LogError`] if the source fails; the consumer waits and asks again.
    async fn next(&self, part: u16, after: u64, max: usize) -> Result<Page, LogError>;
    /// Tells the source that everything up to a position was handled and committed.
    ///
    /// # Errors
    /// [`LogError`] if the source fails; it will repeat then.
    async fn handled(&self, part: u16, through: u64) -> Result<(), LogError>;
}
