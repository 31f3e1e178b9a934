//! The log as a feed: woken by its head, polling where nothing wakes it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use application::ports::{EventLog, Feed, Feeds, LogError, Page, Partition, Recorded};
use async_trait::async_trait;
use tokio::sync::{Mutex, watch};

/// How long a reader trusts that it will be woken.
const IDLE: Duration = Duration::from_secs(1);
/// Pause after being woken for nothing.
const NOTHING: Duration = Duration::from_millis(20);
/// Who is so close to the head reads what others read, too …
const NEAR: u64 = 100;
/// … and no more than this of it at once.
const SHARED: usize = 100;

/// Feeds consumers from the log itself. Cheap to clone.
#[derive(Clone)]
pub struct LogFeed {
    log: Arc<dyn EventLog>,
    partition: Partition,
    latest: Arc<Mutex<Option<Latest>>>,
}

/// What was read last near the head: most consumers are there, and want the same.
struct Latest {
    after: u64,
    events: Arc<[Recorded]>,
    at: Instant,
}

impl Latest {
    /// What comes after a position, as far as this process knows; `None` if that has to be read.
    fn answer(&self, after: u64, head: u64) -> Option<Arc<[Recorded]>> {
        if self.after == after && !self.events.is_empty() {
            return Some(self.events.clone());
        }
        (head <= after && self.at.elapsed() < IDLE).then(|| Arc::from([]))
    }
}

impl LogFeed {
    /// Over a log that is divided so.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, partition: Partition) -> Self {
        Self { log, partition, latest: Arc::default() }
    }

    /// How far the log is, as far as this process knows.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<u64> {
        self.log.watch()
    }

    /// The next run of a part; `None` at the end of the log.
    async fn run(&self, part: u16, after: u64, max: usize) -> Result<Option<Page>, LogError> {
        let head = *self.log.watch().borrow();
        if head > after + NEAR {
            return read(self.log.as_ref(), self.partition, part, after, max).await;
        }
        let mut latest = self.latest.lock().await;
        let known = latest.as_ref().and_then(|latest| latest.answer(after, head));
        let events = if let Some(events) = known {
            events
        } else {
            let at = Instant::now();
            let events: Arc<[Recorded]> = self.log.read(after, SHARED).await?.into();
            *latest = Some(Latest { after, events: events.clone(), at });
            events
        };
        drop(latest);
        let Some(through) = events.last().map(|event| event.position) else { return Ok(None) };
        let own = events.iter().filter(|event| self.partition.is_in(part, event));
        Ok(Some(Page { after, events: own.cloned().collect(), through }))
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
    events.retain(|event| partition.is_in(part, event));
    Ok(Some(Page { after, events, through }))
}

#[async_trait]
impl Feed for LogFeed {
    async fn next(&self, part: u16, after: u64, max: usize) -> Result<Page, LogError> {
        let mut head = self.log.watch();
        loop {
            let woken = *head.borrow_and_update() > after;
            if let Some(page) = self.run(part, after, max).await? {
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
