//! What comes next for a consumer, whatever its feed repeats, reorders or leaves out.

use std::sync::Arc;

use application::ports::{EventLog, Feed, LogError, Partition, Recorded};

use super::feed;

/// A source of the events of one part in exactly the log's order, made of a feed that may not be.
pub(super) struct Cursor {
    feed: Arc<dyn Feed>,
    log: Arc<dyn EventLog>,
    partition: Partition,
    part: u16,
    /// Whether everything that was in the log when this consumer began was read from it.
    caught_up: bool,
}

/// The events right after a position.
#[derive(Debug)]
pub(super) struct Run {
    pub events: Vec<Recorded>,
    /// Everything up to here is in it.
    pub through: u64,
}

impl Cursor {
    pub fn new(
        feed: Arc<dyn Feed>,
        log: Arc<dyn EventLog>,
        partition: Partition,
        part: u16,
    ) -> Self {
        Self { feed, log, partition, part, caught_up: false }
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
            let page = self.feed.next(self.part, position, max).await?;
            if page.after > position {
                return self.read(position, max).await?.ok_or_else(|| {
                    LogError::Corrupt(format!(
                        "the feed is ahead of the log, which ends at {position}"
                    ))
                });
            }
            if page.through <= position {
                self.feed.handled(self.part, position).await?;
                // A feed that repeats without waiting must not keep others from running.
                tokio::task::yield_now().await;
                continue;
            }
            let mut events = page.events;
            events.retain(|event| event.position > position && self.is_own(event));
            return Ok(Run { events, through: page.through });
        }
    }

    /// Tells the feed what is done.
    pub async fn handled(&self, through: u64) -> Result<(), LogError> {
        self.feed.handled(self.part, through).await
    }

    /// Whether an event is in this part.
    pub fn is_own(&self, event: &Recorded) -> bool {
        self.partition.is_in(self.part, event)
    }

    async fn read(&self, position: u64, max: usize) -> Result<Option<Run>, LogError> {
        let page = feed::read(self.log.as_ref(), self.partition, self.part, position, max).await?;
        Ok(page.map(|page| Run { events: page.events, through: page.through }))
    }
}
