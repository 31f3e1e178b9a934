//! A log that counts what is asked of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use application::ports::{
    Append, AppendError, Appended, ClaimRef, EventLog, Lead, LogError, Recorded, Snapshot,
    StoredAnswer, StreamId, Touched, Trail,
};
use async_trait::async_trait;
use tokio::sync::watch;

/// Counts what is read of streams, and snapshots that are kept.
pub struct Counted {
    log: Arc<dyn EventLog>,
    /// Events.
    pub read: AtomicUsize,
    /// Snapshots.
    pub kept: AtomicUsize,
}

impl Counted {
    pub fn over(log: Arc<dyn EventLog>) -> Arc<Self> {
        Arc::new(Self { log, read: AtomicUsize::new(0), kept: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl EventLog for Counted {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }
    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        let events = self.log.load(stream, after).await?;
        self.read.fetch_add(events.len(), Ordering::Relaxed);
        Ok(events)
    }
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, LogError> {
        self.log.read(after, limit).await
    }
    async fn touched(
        &self,
        after: u64,
        through: u64,
        names: &[&str],
    ) -> Result<Vec<Touched>, LogError> {
        self.log.touched(after, through, names).await
    }
    async fn head(&self) -> Result<u64, LogError> {
        self.log.head().await
    }
    fn watch(&self) -> watch::Receiver<u64> {
        self.log.watch()
    }
    async fn owner(&self, claim: &ClaimRef) -> Result<Option<StreamId>, LogError> {
        self.log.owner(claim).await
    }
    async fn follow(&self, lead: &Lead<'_>) -> Result<Vec<Trail>, LogError> {
        self.log.follow(lead).await
    }
    async fn checkpoint(&self, consumer: &str, part: u16) -> Result<Option<u64>, LogError> {
        self.log.checkpoint(consumer, part).await
    }
    async fn answered(&self, scope: &str, key: &str) -> Result<Option<StoredAnswer>, LogError> {
        self.log.answered(scope, key).await
    }
    async fn keep_answer(&self, scope: &str, key: &str, response: Vec<u8>) -> Result<(), LogError> {
        self.log.keep_answer(scope, key, response).await
    }
    async fn snapshot(
        &self,
        stream: &StreamId,
        state_version: u32,
    ) -> Result<Option<Snapshot>, LogError> {
        self.log.snapshot(stream, state_version).await
    }
    async fn keep_snapshot(&self, stream: &StreamId, snapshot: Snapshot) -> Result<(), LogError> {
        self.kept.fetch_add(1, Ordering::Relaxed);
        self.log.keep_snapshot(stream, snapshot).await
    }
}
