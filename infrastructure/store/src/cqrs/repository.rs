//! The event repository of cqrs-es over our log.

use std::sync::{Arc, Mutex, PoisonError};

use application::ports::{
    Append, AppendError, EventLog, Ids, LogError, Metadata, NewEvent, Recorded, StreamAppend,
    StreamId,
};
use cqrs_es::{
    Aggregate,
    persist::{
        PersistedEventRepository, PersistenceError, ReplayFeed, ReplayStream, SerializedEvent,
        SerializedSnapshot,
    },
};
use serde_json::Value;
use tokio::task::JoinSet;

/// How many events a replay reads ahead.
const AHEAD: usize = 1_000;

/// Lets a `PersistedEventStore` of cqrs-es work on an [`EventLog`]. Events only: snapshots are
/// refused, because those of cqrs-es apply events twice.
pub struct LogRepository {
    log: Arc<dyn EventLog>,
    ids: Arc<dyn Ids>,
    /// Replays in progress; they stop with the repository.
    replays: Mutex<JoinSet<()>>,
}

impl LogRepository {
    /// Over a log; new events get their ids from `ids`.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, ids: Arc<dyn Ids>) -> Self {
        Self { log, ids, replays: Mutex::default() }
    }

    fn replay(&self, kind: &'static str, id: Option<String>) -> ReplayStream {
        let (feed, stream) = ReplayStream::new(AHEAD);
        let log = self.log.clone();
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        while replays.try_join_next().is_some() {}
        match id {
            Some(id) => replays.spawn(feed_stream(log, StreamId::new(kind, id), feed)),
            None => replays.spawn(feed_all(log, kind, feed)),
        };
        stream
    }
}

impl PersistedEventRepository for LogRepository {
    async fn get_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.get_last_events::<A>(aggregate_id, 0).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let stream = StreamId::new(A::TYPE, aggregate_id);
        let events = self.log.load(&stream, last_sequence as u64).await.map_err(unreadable)?;
        events.into_iter().map(serialized).collect()
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        _: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot_update.is_some() {
            return Err(unknown("this repository keeps no snapshots of cqrs-es"));
        }
        let Some(first) = events.first() else { return Ok(()) };
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            if event.aggregate_id != first.aggregate_id || event.metadata != first.metadata {
                return Err(unknown("the events are of several aggregates or commands"));
            }
            new.push(NewEvent {
                id: self.ids.event_id(),
                name: event.event_type.clone().into(),
                version: event.event_version.parse().map_err(|_| unknown("a bad version"))?,
                payload: event.payload.to_string(),
                sealed: None,
            });
        }
        let stream = StreamId::new(A::TYPE, first.aggregate_id.clone());
        let expected = (first.sequence as u64).saturating_sub(1);
        let append = Append {
            streams: vec![StreamAppend { stream, expected, events: new }],
            metadata: serde_json::from_value::<Metadata>(first.metadata.clone())?,
            ..Append::default()
        };
        self.log.append(append).await.map(drop).map_err(unwritten)
    }

    async fn stream_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        Ok(self.replay(A::TYPE, Some(aggregate_id.to_owned())))
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        Ok(self.replay(A::TYPE, None))
    }
}

/// A send fails when the reader has gone, which ends the replay.
async fn feed_stream(log: Arc<dyn EventLog>, stream: StreamId, mut feed: ReplayFeed) {
    match log.load(&stream, 0).await {
        Ok(events) => {
            for event in events {
                if feed.push(serialized(event)).await.is_err() {
                    return;
                }
            }
        }
        Err(error) => drop(feed.push(Err(unreadable(error))).await),
    }
}

/// In order of position; an error ends the replay and is told.
async fn feed_all(log: Arc<dyn EventLog>, kind: &'static str, mut feed: ReplayFeed) {
    let mut after = 0;
    loop {
        let page = match log.read(after, AHEAD).await {
            Ok(page) => page,
            Err(error) => return drop(feed.push(Err(unreadable(error))).await),
        };
        let Some(last) = page.last() else { return };
        after = last.position;
        for event in page.into_iter().filter(|event| event.stream.kind == kind) {
            if feed.push(serialized(event)).await.is_err() {
                return;
            }
        }
    }
}

fn serialized(event: Recorded) -> Result<SerializedEvent, PersistenceError> {
    Ok(SerializedEvent::new(
        event.stream.id,
        usize::try_from(event.sequence).map_err(|error| unknown(&error.to_string()))?,
        event.stream.kind.into_owned(),
        event.name,
        event.version.to_string(),
        serde_json::from_str(&event.payload)?,
        serde_json::from_str(&event.metadata)?,
    ))
}

fn unknown(what: &str) -> PersistenceError {
    PersistenceError::UnknownError(what.into())
}

fn unreadable(error: LogError) -> PersistenceError {
    match error {
        LogError::Unavailable(_) => PersistenceError::ConnectionError(Box::new(error)),
        LogError::Corrupt(_) => PersistenceError::UnknownError(Box::new(error)),
    }
}

fn unwritten(error: AppendError) -> PersistenceError {
    match error {
        AppendError::Conflict { .. } => PersistenceError::OptimisticLockError,
        AppendError::Unavailable(_) => PersistenceError::ConnectionError(Box::new(error)),
        other => PersistenceError::UnknownError(Box::new(other)),
    }
}
