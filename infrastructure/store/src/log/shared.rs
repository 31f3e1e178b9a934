//! What is the same on both engines: statements, numbers, limits.

use std::borrow::Cow;

use application::ports::{NewEvent, StreamId};
use serde_json::Value;
use time::Duration;

/// How long idempotency keys count.
pub const KEYS_LAST: Duration = Duration::hours(24);

/// Events of a stream.
pub const LOAD: &str = "SELECT position, sequence, event_id, event_type, event_version, payload, \
    metadata, recorded_at FROM events \
    WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 ORDER BY sequence";
/// Events of the log; the last two columns name their streams.
pub const READ: &str = "SELECT position, sequence, event_id, event_type, event_version, payload, \
    metadata, recorded_at, aggregate_type, aggregate_id FROM events \
    WHERE position > $1 ORDER BY position LIMIT $2";
/// That there were events of some names.
pub const TOUCHED: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type \
    FROM events WHERE position > $1 AND position <= $2 AND event_type IN (NAMES) ORDER BY position";
/// The position of the last event.
pub const HEAD: &str = "SELECT coalesce(max(position), 0) FROM events";
/// Who has a claim.
pub const OWNER: &str = "SELECT aggregate_type, aggregate_id FROM claims \
    WHERE scope = $1 AND kind = $2 AND value = $3";
/// Where a reaction is.
pub const CHECKPOINT: &str = "SELECT position FROM checkpoints WHERE consumer = $1 AND part = $2";
/// What an idempotency key led to; never an expired one.
pub const ANSWERED: &str = "SELECT fingerprint, position, aggregate_type, aggregate_id, response \
    FROM idempotency_keys WHERE scope = $1 AND key = $2 AND expires_at > $3";
/// Adds the sealed response.
pub const KEEP_ANSWER: &str =
    "UPDATE idempotency_keys SET response = $3 WHERE scope = $1 AND key = $2";
/// A cached state.
pub const SNAPSHOT: &str = "SELECT sequence, state FROM snapshots \
    WHERE aggregate_type = $1 AND aggregate_id = $2 AND state_version = $3";
/// Replaces an earlier one only.
pub const KEEP_SNAPSHOT: &str = "INSERT INTO snapshots AS kept \
    (aggregate_type, aggregate_id, state_version, sequence, state) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (aggregate_type, aggregate_id, state_version) \
    DO UPDATE SET sequence = excluded.sequence, state = excluded.state \
    WHERE excluded.sequence > kept.sequence";

/// Removes expired idempotency keys, the oldest first.
pub const PURGE: &str = "DELETE FROM idempotency_keys WHERE (scope, key) IN \
    (SELECT scope, key FROM idempotency_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

/// The metadata of one event of an append: the append's own, and what the event has sealed.
pub fn metadata<'a>(append: &'a str, event: &NewEvent) -> Cow<'a, str> {
    let Some(sealed) = &event.sealed else { return Cow::Borrowed(append) };
    let text = |text: &str| Value::from(text).to_string();
    let (subject, sealed) = (text(&sealed.subject), text(&sealed.text));
    let others = append.strip_suffix('}').unwrap_or("{");
    let comma = if others == "{" { "" } else { "," };
    Cow::Owned(format!("{others}{comma}\"subject\":{subject},\"sealed\":{sealed}}}"))
}

/// As the databases have numbers. No position or sequence ever gets near the limit.
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Constraints keep negative values out.
pub fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A stream, if there is one.
pub fn stream(kind: Option<String>, id: Option<String>) -> Option<StreamId> {
    Some(StreamId { kind: kind?.into(), id: id? })
}
