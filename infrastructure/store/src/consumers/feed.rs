//! The log as a feed: woken by its head, polling where nothing wakes it.

use std::{sync::Arc, time::Duration};

use application::ports::{EventLog, Feed, LogError, Page};
use async_trait::async_trait;

/// How long a reader trusts that it will be woken.
const IDLE: Duration = Duration::from_secs(1);
/// Pause after being woken for nothing.
const NOTHING: Duration = Duration::from_millis(20);

/// Feeds consumers from the log itself. The log is one part.
pub struct LogFeed {
    log: Arc<dyn EventLog>,
}

impl LogFeed {
    /// Over a log.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log }
    }
}

#[async_trait]
impl Feed for LogFeed {
    async fn next(&self, _part: u16, after: u64, max: usize) -> Result<Page, LogError> {
        let mut head = self.log.watch();
        loop {
            let woken = *head.borrow_and_update() > after;
            let events = self.log.read(after, max).await?;
            if let Some(last) = events.last() {
                return Ok(Page { after, through: last.position, events });
            }
            if woken {
                tokio::time::sleep(NOTHING).await;
            } else {
                let closed = tokio::time::timeout(IDLE, head.wait_for(|head| *head > after)).await;
                if matches!(closed, Ok(Err(_))) {
                    return Err(LogError::Unavailable("the event log is closed".to_owned()));
                }
            }
        }
    }

    async fn handled(&self, _part: u16, _through: u64) -> Result<(), LogError> {
        Ok(())
    }
}
