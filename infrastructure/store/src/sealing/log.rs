//! The event log for those who may see what is sealed.

use std::sync::Arc;

use application::{
    ports::{
        Append, AppendError, Appended, ClaimRef, EventLog, Lead, LogError, Recorded, SealedText,
        Snapshot, StoredAnswer, StreamId, Touched, Trail, Vault,
    },
    work,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{open, unavailable};

/// A log whose events, snapshots and work are sealed when they are written, and opened when they
/// are read.
pub struct SealedLog {
    log: Arc<dyn EventLog>,
    vault: Arc<dyn Vault>,
}

/// What takes the place of a snapshot's state.
#[derive(Serialize, Deserialize)]
struct SealedState {
    subject: String,
    sealed: String,
}

impl SealedLog {
    /// Over a log that keeps what it is given.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, vault: Arc<dyn Vault>) -> Self {
        Self { log, vault }
    }

    async fn seal(&self, append: &mut Append) -> application::Result<()> {
        for event in append.streams.iter_mut().flat_map(|part| &mut part.events) {
            if let Some(sealed) = &mut event.sealed {
                let context = event.id.to_string();
                let plain = std::mem::take(&mut sealed.text);
                sealed.text = self.vault.seal(&sealed.subject, &context, plain.as_bytes()).await?;
            }
        }
        for message in &mut append.work {
            work::seal(self.vault.as_ref(), message).await?;
        }
        Ok(())
    }

    async fn open(
        &self,
        stream: &StreamId,
        mut snapshot: Snapshot,
    ) -> Result<Option<Snapshot>, LogError> {
        let Ok(sealed) = serde_json::from_str::<SealedState>(&snapshot.state) else {
            return Ok(Some(snapshot));
        };
        let context = context(stream, snapshot.sequence);
        let text = SealedText { subject: &sealed.subject, context: &context, text: &sealed.sealed };
        let opened = self.vault.open(&[text]).await.map_err(unavailable)?.pop().flatten();
        // Without its key a snapshot is no good; the events themselves still are.
        Ok(opened.and_then(|plain| String::from_utf8(plain).ok()).map(|state| {
            snapshot.state = state;
            snapshot.subject = Some(sealed.subject);
            snapshot
        }))
    }
}

/// Where a snapshot's state opens.
fn context(stream: &StreamId, sequence: u64) -> String {
    format!("snapshot {stream} {sequence}")
}

#[async_trait]
impl EventLog for SealedLog {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let sealed = self.seal(&mut append).await;
        sealed.map_err(|error| AppendError::Unavailable(format!("sealing failed: {error}")))?;
        self.log.append(append).await
    }
    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        let mut events = self.log.load(stream, after).await?;
        open(self.vault.as_ref(), &mut events).await?;
        Ok(events)
    }
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let mut events = self.log.read(after, limit).await?;
        open(self.vault.as_ref(), &mut events).await?;
        Ok(events)
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
        let mut trails = self.log.follow(lead).await?;
        for trail in &mut trails {
            if let Some(snapshot) = trail.snapshot.take() {
                trail.snapshot = self.open(&trail.stream, snapshot).await?;
            }
            if lead.opened {
                open(self.vault.as_ref(), &mut trail.events).await?;
            }
        }
        Ok(trails)
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
        match self.log.snapshot(stream, state_version).await? {
            Some(snapshot) => self.open(stream, snapshot).await,
            None => Ok(None),
        }
    }
    async fn keep_snapshot(
        &self,
        stream: &StreamId,
        mut snapshot: Snapshot,
    ) -> Result<(), LogError> {
        if let Some(subject) = snapshot.subject.take() {
            let context = context(stream, snapshot.sequence);
            let sealed = self.vault.seal(&subject, &context, snapshot.state.as_bytes()).await;
            let state = SealedState { subject, sealed: sealed.map_err(unavailable)? };
            snapshot.state = serde_json::to_string(&state)
                .map_err(|error| LogError::Corrupt(error.to_string()))?;
        }
        self.log.keep_snapshot(stream, snapshot).await
    }
}
