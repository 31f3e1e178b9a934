//! What comes next for a consumer, whatever its feed repeats, reorders or leaves out.

use std::sync::Arc;

use application::ports::{EventLog, Feed, LogError, Recorded};

use super::PART;

/// A source of events that is exactly the log's order, made of a feed that may not be.
#[derive(Clone)]
pub(super) struct Cursor {
    feed: Arc<dyn Feed>,
    log: Arc<dyn EventLog>,
}

/// The events right after a position.
#[derive(Debug)]
pub(super) struct Run {
    pub events: Vec<Recorded>,
    /// Everything up to here is in it.
    pub through: u64,
}

impl Cursor {
    pub fn new(feed: Arc<dyn Feed>, log: Arc<dyn EventLog>) -> Self {
        Self { feed, log }
    }

    /// Waits for the events after a position. Dropping the future loses nothing.
    pub async fn next(&self, position: u64, max: usize) -> Result<Run, LogError> {
        loop {
            let page = self.feed.next(PART, position, max).await?;
            if page.after > position {
                return self.gap(position, max).await;
            }
            if page.through <= position {
                self.feed.handled(PART, position).await?;
                // A feed that repeats without waiting must not keep others from running.
                tokio::task::yield_now().await;
                continue;
            }
            let mut events = page.events;
            events.retain(|event| event.position > position);
            return Ok(Run { events, through: page.through });
        }
    }

    /// Tells the feed what is done.
    pub async fn handled(&self, through: u64) -> Result<(), LogError> {
        self.feed.handled(PART, through).await
    }

    async fn gap(&self, position: u64, max: usize) -> Result<Run, LogError> {
        let events = self.log.read(position, max).await?;
        match events.last() {
            Some(last) => Ok(Run { through: last.position, events }),
            None => Err(LogError::Corrupt(format!(
                "the feed is ahead of the log, which ends at {position}"
            ))),
        }
    }
}
