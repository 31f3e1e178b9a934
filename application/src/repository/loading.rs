//! What an aggregate's events made of it: from what was loaded lately, a snapshot, or the first event.

use std::sync::Arc;

use domain::kernel::Aggregate;
use moka::{policy::EvictionPolicy, sync::Cache};
use uuid::Uuid;

use super::{Loaded, Repository};
use crate::{
    Error, Result,
    ports::{Recorded, Snapshot, StreamId},
};

/// A stream with fewer events since its last snapshot gets no new one.
const SNAPSHOT_EVERY: usize = 10;
/// Nor does one whose events since then are less than this part of it: writing the snapshots of what
/// is large must not cost more than reading a few events.
const SNAPSHOT_SHARE: usize = 4;
/// So many bytes the recent states of one aggregate type may take, about; the least used go first.
const ROOM: u64 = 16 << 20;
/// A state takes about so many times the room of what it was read from,
const BLOAT: usize = 4;
/// and so many bytes besides.
const OVERHEAD: usize = 512;

/// States that were loaded lately, by the ids of their aggregates. Whoever loads one reads what
/// happened since all the same, so that it is never behind. What holds anything personal is not
/// among them: nobody would forget it when its key is destroyed.
pub(super) type Recent<D> = Arc<Cache<String, Arc<Reading<D>>>>;

/// An empty one.
pub(super) fn recent<D: Aggregate>() -> Recent<D> {
    let states = Cache::builder()
        .max_capacity(ROOM)
        .weigher(|_, reading: &Arc<Reading<D>>| reading.size())
        .eviction_policy(EvictionPolicy::lru());
    Arc::new(states.build())
}

/// A stream, as far as it was read.
#[derive(Clone, Default)]
pub(super) struct Reading<D> {
    state: D,
    /// How many events made it.
    version: u64,
    /// The last of them, if it was seen.
    last: Option<Uuid>,
    /// Bytes of the latest snapshot; 0 if there is none.
    snapshot: usize,
    /// Events that are not in it,
    since: usize,
    /// and their bytes.
    unsaved: usize,
}

impl<D: Aggregate> Reading<D> {
    fn size(&self) -> u32 {
        let read = self.snapshot.saturating_add(self.unsaved);
        u32::try_from(read.saturating_mul(BLOAT).saturating_add(OVERHEAD)).unwrap_or(u32::MAX)
    }

    /// Whether it ends with this event.
    fn ends_with(&self, event: &Recorded) -> bool {
        event.sequence == self.version && self.last.is_none_or(|last| last == event.event_id)
    }

    /// As far as a snapshot has it, if that can be read.
    pub(super) fn kept(snapshot: Snapshot) -> Option<Self> {
        let Snapshot { sequence, state: text, .. } = snapshot;
        serde_json::from_str(&text).ok().map(|state| Self {
            state,
            version: sequence,
            snapshot: text.len(),
            ..Self::default()
        })
    }

    pub(super) fn into_loaded(self, id: String) -> Loaded<D> {
        Loaded { id, version: self.version, state: self.state }
    }

    pub(super) fn apply(&mut self, recorded: &Recorded) -> Result<()> {
        let event = recorded.decode().map_err(Error::unexpected)?;
        self.state.evolve(&event);
        self.version = recorded.sequence;
        self.last = Some(recorded.event_id);
        self.since += 1;
        self.unsaved += recorded.payload.len();
        Ok(())
    }

    pub(super) fn is_worth_a_snapshot(&self) -> bool {
        self.since >= SNAPSHOT_EVERY && self.unsaved >= self.snapshot / SNAPSHOT_SHARE
    }
}

impl<D: Aggregate> Repository<D> {
    /// What all events of now made of it.
    pub(super) async fn replay(&self, id: &str) -> Result<Loaded<D>> {
        let stream = StreamId::new(D::TYPE, id);
        let mut known = None;
        let mut reading = None;
        if let Some(recent) = self.recent.get(id) {
            known = recent.last;
            reading = self.go_on(&stream, Reading::clone(&recent)).await?;
        }
        if reading.is_none()
            && let Some(snapshot) = self.snapshot(&stream).await?
        {
            reading = self.go_on(&stream, snapshot).await?;
        }
        let mut reading = match reading {
            Some(reading) => reading,
            None => self.go_on(&stream, Reading::default()).await?.unwrap_or_default(),
        };
        let is_due = reading.is_worth_a_snapshot();
        if is_due {
            self.keep_snapshot(&stream, &mut reading).await?;
        }
        let loaded =
            Loaded { id: id.to_owned(), version: reading.version, state: reading.state.clone() };
        let is_news = is_due || reading.last != known;
        if is_news && loaded.state.subject(id).is_none() {
            self.recent.insert(id.to_owned(), Arc::new(reading));
        }
        Ok(loaded)
    }

    /// Reads on. `None` if the stream is another one than was read: the log of a testing build may
    /// have been emptied, and a backup may have been restored.
    async fn go_on(
        &self,
        stream: &StreamId,
        mut reading: Reading<D>,
    ) -> Result<Option<Reading<D>>> {
        // By its last event a reading is known.
        let tail = self.log.load(stream, reading.version.saturating_sub(1)).await?;
        let mut tail = tail.iter();
        if reading.version > 0 {
            match tail.next() {
                Some(last) if reading.ends_with(last) => reading.last = Some(last.event_id),
                _ => return Ok(None),
            }
        }
        tail.try_for_each(|event| reading.apply(event))?;
        Ok(Some(reading))
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<Reading<D>>> {
        let found = self.log.snapshot(stream, D::STATE_VERSION).await?;
        Ok(found.and_then(Reading::kept))
    }

    pub(super) async fn keep_snapshot(
        &self,
        stream: &StreamId,
        reading: &mut Reading<D>,
    ) -> Result<()> {
        let subject = reading.state.subject(&stream.id);
        let state = serde_json::to_string(&reading.state).map_err(Error::unexpected)?;
        let (sequence, size) = (reading.version, state.len());
        let snapshot = Snapshot { sequence, state_version: D::STATE_VERSION, state, subject };
        match self.log.keep_snapshot(stream, snapshot).await {
            Ok(()) => (reading.snapshot, reading.since, reading.unsaved) = (size, 0, 0),
            Err(error) => {
                tracing::warn!(%stream, %error, "a snapshot could not be kept; loading stays slow");
            }
        }
        Ok(())
    }
}
