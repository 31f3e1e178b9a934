//! The log as a feed: woken by its head, polling where nothing wakes it.

use std::{sync::Arc, time::Duration};

use application::ports::{EventLog, Feed, Feeds, LogError, Page, Partition};
use async_trait::async_trait;
use tokio::sync::watch;

/// How long a reader trusts that it will be woken.
const IDLE: Duration = Duration::from_secs(1);
/// Pause after being woken for nothing.
const NOTHING: Duration = Duration::from_millis(20);

/// Feeds consumers from the log itself. Cheap to clone.
#[derive(Clone)]
pub struct LogFeed {
    log: Arc<dyn EventLog>,
    partition: Partition,
}

impl LogFeed {
    /// Over a log that is divided so.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, partition: Partition) -> Self {
        Self { log, partition }
    }

    /// How far the log is, as far as this process knows.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<u64> {
        self.log.watch()
    }
}

impl Feeds for LogFeed {
    fn feed(&self, _consumer: &str) -> Arc<dyn Feed> {
        Arc::new(self.clone())
    }
}

/// The next run of a part in the log; `None` at its end. A reset of the log is in every part.
pub(super) async fn read(
    log: &dyn EventLog,
    partition: Partition,
    part: u16,
    after: u64,
    max: usize,
) -> Result<Option<Page>, LogError> {
    let mut events = log.read(after, max).await?;
    let Some(through) = events.last().map(|event| event.position) else { return Ok(None) };
    events.retain(|event| event.is_reset() || partition.part(&event.stream) == part);
    Ok(Some(Page { after, events, through }))
}

#[async_trait]
impl Feed for LogFeed {
    async fn next(&self, part: u16, after: u64, max: usize) -> Result<Page, LogError> {
        let mut head = self.log.watch();
        loop {
            let woken = *head.borrow_and_update() > after;
            if let Some(page) = read(self.log.as_ref(), self.partition, part, after, max).await? {
                return Ok(page);
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
