//! Rows of PostgreSQL, by column index: looking columns up by name costs a rebuild dearly.

use application::ports::{Recorded, Snapshot, StoredAnswer, StreamId, Touched};
use domain::kernel::Timestamp;
use sqlx::{Row as _, postgres::PgRow};
use time::OffsetDateTime;

use crate::log::{
    leads::Step,
    shared::{self, unsigned},
};

/// An event; columns 8 and 9 name its stream if that isn't known.
pub fn event(row: &PgRow, stream: Option<&StreamId>) -> Result<Recorded, sqlx::Error> {
    let stream = match stream {
        Some(stream) => stream.clone(),
        None => {
            StreamId { kind: row.try_get::<String, _>(8)?.into(), id: row.try_get::<String, _>(9)? }
        }
    };
    let version: &str = row.try_get(4)?;
    Ok(Recorded {
        position: unsigned(row.try_get(0)?),
        stream,
        sequence: unsigned(row.try_get(1)?),
        event_id: row.try_get(2)?,
        name: row.try_get(3)?,
        version: version.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        // The wire form of `json` is its text; nothing is to be parsed here.
        payload: row.try_get_unchecked(5)?,
        metadata: row.try_get_unchecked(6)?,
        recorded_at: Timestamp::new(row.try_get::<OffsetDateTime, _>(7)?),
    })
}

/// A step from a value to what it leads to: an event, if there is one, and the rest.
pub fn step(row: &PgRow) -> Result<Step, sqlx::Error> {
    let happened = row.try_get::<Option<i64>, _>(0)?.is_some();
    Ok(Step {
        place: row.try_get(10)?,
        kind: row.try_get(8)?,
        id: row.try_get(9)?,
        kept: row.try_get(11)?,
        state: row.try_get(12)?,
        event: happened.then(|| event(row, None)).transpose()?,
    })
}

/// That there was an event: position, type, id, sequence, name.
pub fn touched(row: &PgRow) -> Result<Touched, sqlx::Error> {
    Ok(Touched {
        position: unsigned(row.try_get(0)?),
        stream: StreamId { kind: row.try_get::<String, _>(1)?.into(), id: row.try_get(2)? },
        sequence: unsigned(row.try_get(3)?),
        name: row.try_get(4)?,
    })
}

/// A position.
pub fn number(row: &PgRow) -> Result<u64, sqlx::Error> {
    row.try_get(0).map(unsigned)
}

/// Who has a claim: type, id.
pub fn owner(row: &PgRow) -> Result<StreamId, sqlx::Error> {
    Ok(StreamId { kind: row.try_get::<String, _>(0)?.into(), id: row.try_get(1)? })
}

/// A snapshot: sequence, state.
pub fn snapshot(row: &PgRow, state_version: u32) -> Result<Snapshot, sqlx::Error> {
    Ok(Snapshot {
        sequence: unsigned(row.try_get(0)?),
        state_version,
        state: row.try_get(1)?,
        subject: None,
    })
}

/// A stored answer: fingerprint, position, type, id, response.
pub fn answer(row: &PgRow) -> Result<StoredAnswer, sqlx::Error> {
    Ok(StoredAnswer {
        fingerprint: row.try_get(0)?,
        position: unsigned(row.try_get(1)?),
        stream: shared::stream(row.try_get(2)?, row.try_get(3)?),
        response: row.try_get(4)?,
    })
}
