//! The event log: the truth, and the outbox.

mod errors;
mod leads;

use std::borrow::Cow;

use async_trait::async_trait;
use domain::kernel::{DecodeError, Event, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;

use super::WorkMessage;
pub use errors::{AppendError, LogError};
pub use leads::{Lead, Trail};

/// Names one stream of events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The aggregate type, for example `car`.
    pub kind: Cow<'static, str>,
    /// The aggregate's id.
    pub id: String,
}

impl StreamId {
    /// A stream of a type that is known at compile time.
    #[must_use]
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind: Cow::Borrowed(kind), id: id.into() }
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// What is known about how an event came to be: stored as a flat map of strings, without any
/// personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The organization that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Joins everything that one request caused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The event or message that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// W3C trace context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Whose key [`Self::sealed`] is encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What this event says that is personal or secret, as the vault made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// The members of a payload that are personal or secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Whose key they are encrypted with.
    pub subject: String,
    /// A JSON object on its way to the log; what the vault made of it in the log.
    pub text: String,
}

/// An event that is to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Version 7, unique.
    pub id: Uuid,
    /// The event's stable name.
    pub name: Cow<'static, str>,
    /// The event's version.
    pub version: u16,
    /// JSON text of the payload, without what is sealed.
    pub payload: String,
    /// The rest of the payload.
    pub sealed: Option<Sealed>,
}

/// An event as the log has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Global, dense, in commit order, from 1.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Within the stream, from 1 without holes.
    pub sequence: u64,
    /// Version 7, unique.
    pub event_id: Uuid,
    /// The event's stable name.
    pub name: String,
    /// The event's version.
    pub version: u16,
    /// JSON text of the payload.
    pub payload: String,
    /// JSON text of [`Metadata`].
    pub metadata: String,
    /// When it was appended, UTC.
    pub recorded_at: Timestamp,
}

impl Recorded {
    /// Reads the payload, through upcasters where it is old.
    ///
    /// # Errors
    /// [`DecodeError`] if it is unknown or corrupt.
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        E::decode(&self.name, self.version, &self.payload)
    }
    /// Whether it tells that the log was emptied and begins anew, which only testing builds do. It
    /// is in every part.
    #[must_use]
    pub fn is_reset(&self) -> bool {
        self.stream.kind == "log" && self.name == "log_reset"
    }
    /// Reads the metadata; what can't be read is empty.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        serde_json::from_str(&self.metadata).unwrap_or_default()
    }
}

/// Events for one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// How many events it must have now; 0 for a new stream.
    pub expected: u64,
    /// What is added, in order; may be empty to assert the version only.
    pub events: Vec<NewEvent>,
}

/// Names a value that only one owner can have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimRef {
    /// A tenant's id, or `platform`.
    pub scope: String,
    /// What sort of value, for example `email`.
    pub kind: Cow<'static, str>,
    /// Normalized; HMAC where it is personal.
    pub value: String,
}

impl ClaimRef {
    /// A value that is unique on the whole platform.
    #[must_use]
    pub fn platform(kind: &'static str, value: impl Into<String>) -> Self {
        Self { scope: "platform".to_owned(), kind: Cow::Borrowed(kind), value: value.into() }
    }
}

/// A value and its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The value.
    pub claim: ClaimRef,
    /// The stream that owns it.
    pub owner: StreamId,
}

/// A reaction's checkpoint, moved in the same append as its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumed {
    /// The reaction's permanent name.
    pub consumer: String,
    /// The part of the log that it is about.
    pub part: u16,
    /// Where the checkpoint must be now; 0 if it never moved.
    pub from: u64,
    /// Where it goes.
    pub to: u64,
    /// The position of a dead letter of this consumer and part that is removed with it, because
    /// this append is its effect; refused as superseded if there is none.
    pub settles: Option<u64>,
}

/// An event that a consumer gave up on, or that waits behind one of the same stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose.
    pub consumer: String,
    /// The part of the log that it came from.
    pub part: u16,
    /// The event.
    pub position: u64,
    /// The event's stream.
    pub stream: StreamId,
    /// The event's name.
    pub event: String,
    /// Why; never holds a payload.
    pub error: String,
    /// How often it was tried; 0 for one that waits behind another.
    pub attempts: u32,
    /// When it was given up, UTC.
    pub parked_at: Timestamp,
}

/// Makes an append unrepeatable for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Caller and route.
    pub scope: String,
    /// As the caller sent it.
    pub key: String,
    /// Digest of the request, so that another request with the same key is noticed.
    pub fingerprint: String,
}

/// One transaction: all of it, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Append {
    /// Events, each stream at most once.
    pub streams: Vec<StreamAppend>,
    /// Values to take; refused if another stream owns one of them.
    pub take: Vec<Claim>,
    /// Values to give back; only their owner's are.
    pub release: Vec<Claim>,
    /// At most one append has this key.
    pub idempotency: Option<IdempotencyKey>,
    /// A reaction's checkpoint.
    pub consumed: Option<Consumed>,
    /// Events that the reaction of `consumed` gave up on.
    pub parked: Vec<DeadLetter>,
    /// Work that is to be done once it is committed.
    pub work: Vec<WorkMessage>,
    /// For every event.
    pub metadata: Metadata,
}

/// What was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position of the last event; the head of the log if there was none.
    pub position: u64,
}

/// What an earlier append with the same idempotency key committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The digest of the earlier request.
    pub fingerprint: String,
    /// The position of its last event.
    pub position: u64,
    /// The first stream that it appended to.
    pub stream: Option<StreamId>,
    /// The sealed response, if it was stored.
    pub response: Option<Vec<u8>>,
}

/// That something happened to a stream, without what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Where in the log.
    pub position: u64,
    /// What it happened to.
    pub stream: StreamId,
    /// How many events the stream had then.
    pub sequence: u64,
    /// The event's name.
    pub name: String,
}

/// A cached state of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The sequence of the last event in it.
    pub sequence: u64,
    /// [`domain::kernel::Aggregate::STATE_VERSION`] when it was taken.
    pub state_version: u32,
    /// JSON text of the state.
    pub state: String,
    /// Whose key the state is encrypted with, if it holds what is personal or secret.
    pub subject: Option<String>,
}

/// The event log. See `docs/decisions` for how positions stay dense and in commit order.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends all or nothing.
    ///
    /// # Errors
    /// [`AppendError`] tells this caller alone why not.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;
    /// The events of a stream with a sequence greater than `after`, in order.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<Recorded>, LogError>;
    /// Up to `limit` events with a position greater than `after`, in order.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, LogError>;
    /// What happened with positions greater than `after`, up to `through`, under one of these
    /// names: in order, and without reading the rest.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn touched(
        &self,
        after: u64,
        through: u64,
        names: &[&str],
    ) -> Result<Vec<Touched>, LogError>;
    /// The position of the last event; 0 for an empty log.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn head(&self) -> Result<u64, LogError>;
    /// Follows the head as far as this process knows it; a change means that there may be more to
    /// read. The value may lag behind [`Self::head`], never be ahead of it.
    fn watch(&self) -> watch::Receiver<u64>;
    /// Who owns a value.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn owner(&self, claim: &ClaimRef) -> Result<Option<StreamId>, LogError>;
    /// Follows a value, in one round trip: its owner comes first, then the other stream. One that
    /// does not exist is missing.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn follow(&self, lead: &Lead<'_>) -> Result<Vec<Trail>, LogError>;
    /// Where a reaction's checkpoint is; `None` if it never moved.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn checkpoint(&self, consumer: &str, part: u16) -> Result<Option<u64>, LogError>;
    /// What an append with this key committed, if it is not older than 24 hours.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn answered(&self, scope: &str, key: &str) -> Result<Option<StoredAnswer>, LogError>;
    /// Keeps the sealed response of an append, so that it can be repeated.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be written.
    async fn keep_answer(&self, scope: &str, key: &str, response: Vec<u8>) -> Result<(), LogError>;
    /// The latest snapshot of a stream that has this state version.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    async fn snapshot(
        &self,
        stream: &StreamId,
        state_version: u32,
    ) -> Result<Option<Snapshot>, LogError>;
    /// Keeps a snapshot unless there is a later one.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be written.
    async fn keep_snapshot(&self, stream: &StreamId, snapshot: Snapshot) -> Result<(), LogError>;
}
