//! What comes next for a consumer, whatever its feed repeats, reorders or leaves out.

use std::sync::Arc;

use application::ports::{EventLog, Feed, LogError, Page, Partition, Recorded, Wanted};
use domain::kernel::Timestamp;

use super::feed;

/// A source of what is wanted of one part in exactly the log's order, made of a feed that may not be.
pub(super) struct Cursor {
    feed: Arc<dyn Feed>,
    log: Arc<dyn EventLog>,
    partition: Partition,
    wanted: Wanted,
    /// Whether everything that was in the log when this consumer began was read from it.
    caught_up: bool,
}

/// The events right after a position.
#[derive(Debug)]
pub(super) struct Run {
    pub events: Vec<Recorded>,
    /// Everything wanted up to here is in it.
    pub through: u64,
    /// When the last event up to there was appended, wanted or not.
    pub at: Option<Timestamp>,
}

impl Cursor {
    pub fn new(
        feed: Arc<dyn Feed>,
        log: Arc<dyn EventLog>,
        partition: Partition,
        wanted: Wanted,
    ) -> Self {
        Self { feed, log, partition, wanted, caught_up: false }
    }

    /// The consumer begins again: what it needs may be in the log only.
    pub fn restart(&mut self) {
        self.caught_up = false;
    }

    /// Waits for the events after a position. Dropping the future loses nothing.
    pub async fn next(&mut self, position: u64, max: usize) -> Result<Run, LogError> {
        if !self.caught_up {
            if let Some(run) = self.read(position, max).await? {
                return Ok(run);
            }
            self.caught_up = true;
        }
        loop {
            let page = self.feed.next(self.wanted, position, max).await?;
            if page.after > position {
                return self.read(position, max).await?.ok_or_else(|| {
                    LogError::Corrupt(format!(
                        "the feed is ahead of the log, which ends at {position}"
                    ))
                });
            }
            if page.through <= position {
                self.feed.handled(self.wanted.part, position).await?;
                // A feed that repeats without waiting must not keep others from running.
                tokio::task::yield_now().await;
                continue;
            }
            let Page { mut events, through, at, .. } = page;
            events.retain(|event| {
                event.position > position && self.partition.feeds(self.wanted, event)
            });
            return Ok(Run { events, through, at });
        }
    }

    /// Tells the feed what is done.
    pub async fn handled(&self, through: u64) -> Result<(), LogError> {
        self.feed.handled(self.wanted.part, through).await
    }

    async fn read(&self, position: u64, max: usize) -> Result<Option<Run>, LogError> {
        let log = self.log.as_ref();
        let page = feed::read(log, self.partition, self.wanted, position, max).await?;
        Ok(page.map(|Page { events, through, at, .. }| Run { events, through, at }))
    }
}
