//! Why the log was not written or read.

use super::{ClaimRef, StoredAnswer, StreamId};

/// Why nothing was appended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// The stream has another version: load and decide again.
    #[error("stream {stream} is at {actual}, not at {expected}")]
    Conflict {
        /// Which one.
        stream: StreamId,
        /// What the caller expected.
        expected: u64,
        /// What it has.
        actual: u64,
    },
    /// Another stream owns the value.
    #[error("a {} is taken", .0.kind)]
    Taken(ClaimRef),
    /// The idempotency key was used before.
    #[error("the request was handled before, at {}", .0.position)]
    Duplicate(StoredAnswer),
    /// The checkpoint is not at `from`: another instance handles this.
    #[error("checkpoint of {consumer} is at {actual}")]
    Superseded {
        /// Whose checkpoint.
        consumer: String,
        /// Where it is.
        actual: u64,
    },
    /// The append itself is malformed, for example the same stream twice.
    #[error("malformed append: {0}")]
    Malformed(String),
    /// The log can't be written now. Whether this append was committed may be unknown.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
    /// The log breaks its own rules.
    #[error("the event log is corrupt: {0}")]
    Corrupt(String),
}

/// Why the log could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LogError {
    /// It can't be reached now.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
    /// It holds what can't be.
    #[error("the event log is corrupt: {0}")]
    Corrupt(String),
}
