//! Emptying the log, which only testing builds can.

use application::ports::{Recorded, StreamId};
use domain::kernel::Timestamp;

/// The type and id of the stream that tells of a reset.
pub const STREAM: &str = "log";
/// The event that tells of a reset; it is the first event of the log then.
pub const NAME: &str = "log_reset";

/// The event, at the position after the last one that was deleted.
pub fn event(position: u64, now: Timestamp) -> Recorded {
    let millis = u64::try_from(now.get().unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    // The position makes it unique, so no randomness is needed.
    let mut rest = [0; 10];
    rest[2..].copy_from_slice(&position.to_be_bytes());
    Recorded {
        position,
        stream: StreamId::new(STREAM, STREAM),
        sequence: 1,
        event_id: uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid(),
        name: NAME.to_owned(),
        version: 1,
        payload: "{}".to_owned(),
        metadata: "{}".to_owned(),
        recorded_at: now,
    }
}
