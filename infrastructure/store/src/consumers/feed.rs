//! The log as a feed: woken by its head, polling where nothing wakes it.

mod recent;

use std::{sync::Arc, time::Duration};

use application::ports::{EventLog, Feed, Feeds, LogError, Page, Partition, Recorded, Wanted};
use async_trait::async_trait;
use domain::kernel::Timestamp;
use recent::{NEAR, Recent, SHARED};
use tokio::sync::{Mutex, watch};

/// How long a reader trusts that it will be woken.
const IDLE: Duration = Duration::from_secs(1);
/// Pause after being woken for nothing.
const NOTHING: Duration = Duration::from_millis(20);

/// Feeds consumers from the log itself. Cheap to clone.
#[derive(Clone)]
pub struct LogFeed {
    log: Arc<dyn EventLog>,
    partition: Partition,
    /// Most consumers are near the head, and read the same: one of them does it for all.
    recent: Arc<Mutex<Recent>>,
}

impl LogFeed {
    /// Over a log that is divided so.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, partition: Partition) -> Self {
        Self { log, partition, recent: Arc::default() }
    }

    /// How far the log is, as far as this process knows.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<u64> {
        self.log.watch()
    }

    /// The next run; `None` at the end of the log.
    async fn run(&self, wanted: Wanted, after: u64, max: usize) -> Result<Option<Page>, LogError> {
        let head = *self.log.watch().borrow();
        if head > after + NEAR {
            return read(self.log.as_ref(), self.partition, wanted, after, max).await;
        }
        let mut recent = self.recent.lock().await;
        if !recent.is_next(after) {
            drop(recent);
            return read(self.log.as_ref(), self.partition, wanted, after, max).await;
        }
        if recent.ends_at(after) {
            if head <= after && recent.is_fresh() {
                return Ok(None);
            }
            recent.add(after, self.log.read(after, SHARED).await?);
        }
        Ok(recent.page(self.partition, wanted, after, max))
    }
}

impl Feeds for LogFeed {
    fn feed(&self, _consumer: &str) -> Arc<dyn Feed> {
        Arc::new(self.clone())
    }
}

/// Where a run ends, and when that was appended.
fn end(events: &[Recorded]) -> Option<(u64, Timestamp)> {
    events.last().map(|event| (event.position, event.recorded_at))
}

/// The next run in the log; `None` at its end.
pub(super) async fn read(
    log: &dyn EventLog,
    partition: Partition,
    wanted: Wanted,
    after: u64,
    max: usize,
) -> Result<Option<Page>, LogError> {
    let mut events = log.read(after, max).await?;
    let Some((through, at)) = end(&events) else { return Ok(None) };
    events.retain(|event| partition.feeds(wanted, event));
    Ok(Some(Page { after, events, through, at: Some(at) }))
}

#[async_trait]
impl Feed for LogFeed {
    async fn next(&self, wanted: Wanted, after: u64, max: usize) -> Result<Page, LogError> {
        let mut head = self.log.watch();
        loop {
            let woken = *head.borrow_and_update() > after;
            if let Some(page) = self.run(wanted, after, max).await? {
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
