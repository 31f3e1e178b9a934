//! What a value leads to, as one JSON text.

use std::sync::LazyLock;

use application::ports::{Recorded, StreamId};
use domain::kernel::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::rows::decode;
use crate::log::{
    leads::{FOLLOW, Step},
    shared::unsigned,
};

/// [`FOLLOW`] as one value. A sign-in follows a claim to a dozen events, and each value of each row
/// would be copied for its way to another thread, and freed there.
pub static FOLLOW_AT_ONCE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT json_group_array(json_array(position, sequence, event_id, event_type, \
         event_version, payload, metadata, recorded_at, aggregate_type, aggregate_id, place, kept, \
         state) ORDER BY place, sequence) FROM ({FOLLOW})"
    )
});

/// A row of [`FOLLOW`], in the order of its columns.
#[derive(Deserialize)]
struct Packed {
    position: Option<i64>,
    sequence: Option<i64>,
    event_id: Option<Uuid>,
    event_type: Option<String>,
    event_version: Option<String>,
    payload: Option<String>,
    metadata: Option<String>,
    recorded_at: Option<String>,
    aggregate_type: String,
    aggregate_id: Option<String>,
    place: i64,
    kept: Option<i64>,
    state: Option<String>,
}

/// The steps in the text that [`FOLLOW_AT_ONCE`] gives.
pub fn steps(text: &str) -> Result<Vec<Step>, sqlx::Error> {
    let all: Vec<Packed> = serde_json::from_str(text).map_err(decode)?;
    all.into_iter().map(step).collect()
}

fn step(row: Packed) -> Result<Step, sqlx::Error> {
    let event = match row.position {
        None => None,
        Some(position) => {
            let missing = || sqlx::Error::RowNotFound;
            let id = row.aggregate_id.clone().ok_or_else(missing)?;
            let at = row.recorded_at.ok_or_else(missing)?;
            Some(Recorded {
                position: unsigned(position),
                stream: StreamId { kind: row.aggregate_type.clone().into(), id },
                sequence: unsigned(row.sequence.ok_or_else(missing)?),
                event_id: row.event_id.ok_or_else(missing)?,
                name: row.event_type.ok_or_else(missing)?,
                version: row.event_version.ok_or_else(missing)?.parse().map_err(decode)?,
                payload: row.payload.ok_or_else(missing)?,
                metadata: row.metadata.ok_or_else(missing)?,
                recorded_at: Timestamp::parse(&at).map_err(decode)?,
            })
        }
    };
    Ok(Step {
        place: row.place,
        kind: row.aggregate_type,
        id: row.aggregate_id,
        kept: row.kept,
        state: row.state,
        event,
    })
}
