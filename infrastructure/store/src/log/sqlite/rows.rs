//! Rows of SQLite, by column index: looking columns up by name costs a rebuild dearly.

use application::ports::{Recorded, Snapshot, StoredAnswer, StreamId, Touched};
use domain::kernel::Timestamp;
use sqlx::{Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use crate::log::shared::{self, unsigned};

/// An event; columns 8 and 9 name its stream if that isn't known.
pub fn event(row: &SqliteRow, stream: Option<&StreamId>) -> Result<Recorded, sqlx::Error> {
    let stream = match stream {
        Some(stream) => stream.clone(),
        None => {
            StreamId { kind: row.try_get::<String, _>(8)?.into(), id: row.try_get::<String, _>(9)? }
        }
    };
    let (id, version, at): (&str, &str, &str) = (row.try_get(2)?, row.try_get(4)?, row.try_get(7)?);
    Ok(Recorded {
        position: unsigned(row.try_get(0)?),
        stream,
        sequence: unsigned(row.try_get(1)?),
        event_id: Uuid::parse_str(id).map_err(decode)?,
        name: row.try_get(3)?,
        version: version.parse().map_err(decode)?,
        payload: row.try_get(5)?,
        metadata: row.try_get(6)?,
        recorded_at: Timestamp::parse(at).map_err(decode)?,
    })
}

/// That there was an event: position, type, id, sequence, name.
pub fn touched(row: &SqliteRow) -> Result<Touched, sqlx::Error> {
    Ok(Touched {
        position: unsigned(row.try_get(0)?),
        stream: StreamId { kind: row.try_get::<String, _>(1)?.into(), id: row.try_get(2)? },
        sequence: unsigned(row.try_get(3)?),
        name: row.try_get(4)?,
    })
}

/// A position.
pub fn number(row: &SqliteRow) -> Result<u64, sqlx::Error> {
    row.try_get(0).map(unsigned)
}

/// Who has a claim: type, id.
pub fn owner(row: &SqliteRow) -> Result<StreamId, sqlx::Error> {
    Ok(StreamId { kind: row.try_get::<String, _>(0)?.into(), id: row.try_get(1)? })
}

/// A snapshot: sequence, state.
pub fn snapshot(row: &SqliteRow, state_version: u32) -> Result<Snapshot, sqlx::Error> {
    Ok(Snapshot {
        sequence: unsigned(row.try_get(0)?),
        state_version,
        state: row.try_get(1)?,
        subject: None,
    })
}

/// A stored answer: fingerprint, position, type, id, response, from a column on.
pub fn answer(row: &SqliteRow, first: usize) -> Result<StoredAnswer, sqlx::Error> {
    Ok(StoredAnswer {
        fingerprint: row.try_get(first)?,
        position: unsigned(row.try_get(first + 1)?),
        stream: shared::stream(row.try_get(first + 2)?, row.try_get(first + 3)?),
        response: row.try_get(first + 4)?,
    })
}

pub(super) fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
