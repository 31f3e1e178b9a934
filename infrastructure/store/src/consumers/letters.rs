//! Dead letters: events that a consumer gave up on, and those of the same stream behind them.

use std::{borrow::Cow, collections::HashSet};

use application::ports::{DeadLetter, StreamId};

use crate::db::{Db, DbError, Row, Tx, Value};

const PARKED: &str =
    "SELECT DISTINCT aggregate_type, aggregate_id FROM dead_letters WHERE consumer = $1";
const ADD: &str = "INSERT INTO dead_letters (consumer, part, position, aggregate_type, \
     aggregate_id, event_type, error, attempts, parked_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
     ON CONFLICT (consumer, position) DO UPDATE SET error = excluded.error, \
     attempts = excluded.attempts, parked_at = excluded.parked_at";
const REMOVE: &str = "DELETE FROM dead_letters WHERE consumer = $1 AND position = $2";
const REMOVE_ALL: &str = "DELETE FROM dead_letters WHERE consumer = $1";
const REMOVE_BEFORE: &str = "DELETE FROM dead_letters WHERE consumer = $1 AND position < $2";
const REMOVE_AFTER: &str = "DELETE FROM dead_letters WHERE consumer = $1 AND position > $2";
const RENAME: &str = "UPDATE dead_letters SET consumer = $2 WHERE consumer = $1";
const COUNT: &str = "SELECT count(*) AS letters FROM dead_letters WHERE consumer = $1";
const ONE: &str = "SELECT consumer, CAST(part AS bigint) AS part, position, aggregate_type, \
     aggregate_id, event_type, error, CAST(attempts AS bigint) AS attempts, parked_at \
     FROM dead_letters WHERE consumer = $1 AND position = $2";
const OF_STREAM: &str = "SELECT consumer, CAST(part AS bigint) AS part, position, aggregate_type, \
     aggregate_id, event_type, error, CAST(attempts AS bigint) AS attempts, parked_at \
     FROM dead_letters WHERE consumer = $1 AND aggregate_type = $2 AND aggregate_id = $3 \
     ORDER BY position LIMIT 1000";
const LIST: &str = "SELECT consumer, CAST(part AS bigint) AS part, position, aggregate_type, \
     aggregate_id, event_type, error, CAST(attempts AS bigint) AS attempts, parked_at \
     FROM dead_letters WHERE position > $1 ORDER BY position, consumer LIMIT $2";
const LIST_OF: &str = "SELECT consumer, CAST(part AS bigint) AS part, position, aggregate_type, \
     aggregate_id, event_type, error, CAST(attempts AS bigint) AS attempts, parked_at \
     FROM dead_letters WHERE position > $1 AND consumer = $3 ORDER BY position LIMIT $2";

/// Every statement of this file.
pub(super) const STATEMENTS: &[&str] = &[
    PARKED,
    ADD,
    REMOVE,
    REMOVE_ALL,
    REMOVE_BEFORE,
    REMOVE_AFTER,
    RENAME,
    COUNT,
    ONE,
    OF_STREAM,
    LIST,
    LIST_OF,
];

/// The streams of which a consumer must not handle anything until their letters are gone.
pub(super) async fn parked(db: &Db, consumer: &str) -> Result<HashSet<StreamId>, DbError> {
    let rows = db.fetch(PARKED, &[consumer.into()]).await?;
    rows.iter().map(stream).collect()
}

pub(super) async fn add(tx: &mut Tx, letter: &DeadLetter) -> Result<(), DbError> {
    let values = [
        letter.consumer.as_str().into(),
        letter.part.into(),
        letter.position.into(),
        letter.stream.kind.as_ref().into(),
        letter.stream.id.as_str().into(),
        letter.event.as_str().into(),
        letter.error.as_str().into(),
        letter.attempts.into(),
        letter.parked_at.into(),
    ];
    tx.execute(ADD, &values).await?;
    Ok(())
}

/// Removes one; `false` if it is not there.
pub(super) async fn remove(tx: &mut Tx, consumer: &str, position: u64) -> Result<bool, DbError> {
    Ok(tx.execute(REMOVE, &[consumer.into(), position.into()]).await? == 1)
}

/// Removes those of events that the log lost when it began anew.
pub(super) async fn remove_before(
    tx: &mut Tx,
    consumer: &str,
    position: u64,
) -> Result<(), DbError> {
    tx.execute(REMOVE_BEFORE, &[consumer.into(), position.into()]).await?;
    Ok(())
}

/// Removes those of events that the consumer handles again.
pub(super) async fn remove_after(
    tx: &mut Tx,
    consumer: &str,
    position: u64,
) -> Result<(), DbError> {
    tx.execute(REMOVE_AFTER, &[consumer.into(), position.into()]).await?;
    Ok(())
}

/// Gives a consumer the letters that were collected under another name, in place of its own.
pub(super) async fn replace(tx: &mut Tx, consumer: &str, by: &str) -> Result<(), DbError> {
    remove_all(tx, consumer).await?;
    tx.execute(RENAME, &[by.into(), consumer.into()]).await?;
    Ok(())
}

/// Removes all of a consumer.
pub(super) async fn remove_all(tx: &mut Tx, consumer: &str) -> Result<(), DbError> {
    tx.execute(REMOVE_ALL, &[consumer.into()]).await?;
    Ok(())
}

pub(super) async fn count(db: &Db, consumer: &str) -> Result<u64, DbError> {
    let row = db.fetch_one(COUNT, &[consumer.into()]).await?;
    row.map_or(Ok(0), |row| row.count("letters"))
}

pub(super) async fn one(
    db: &Db,
    consumer: &str,
    position: u64,
) -> Result<Option<DeadLetter>, DbError> {
    let row = db.fetch_one(ONE, &[consumer.into(), position.into()]).await?;
    row.as_ref().map(letter).transpose()
}

/// The first 1,000 of a stream, in order.
pub(super) async fn of_stream(
    db: &Db,
    consumer: &str,
    stream: &StreamId,
) -> Result<Vec<DeadLetter>, DbError> {
    let values = [consumer.into(), stream.kind.as_ref().into(), stream.id.as_str().into()];
    db.fetch(OF_STREAM, &values).await?.iter().map(letter).collect()
}

/// Up to `limit` with a position greater than `after`, of one consumer or of all.
pub(super) async fn list(
    db: &Db,
    consumer: Option<&str>,
    after: u64,
    limit: u32,
) -> Result<Vec<DeadLetter>, DbError> {
    let page: [Value; 2] = [after.into(), limit.into()];
    let rows = match consumer {
        Some(consumer) => {
            let [after, limit] = page;
            db.fetch(LIST_OF, &[after, limit, consumer.into()]).await?
        }
        None => db.fetch(LIST, &page).await?,
    };
    rows.iter().map(letter).collect()
}

fn letter(row: &Row) -> Result<DeadLetter, DbError> {
    Ok(DeadLetter {
        consumer: row.text("consumer")?,
        part: u16::try_from(row.int("part")?).unwrap_or_default(),
        position: row.count("position")?,
        stream: stream(row)?,
        event: row.text("event_type")?,
        error: row.text("error")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        parked_at: row.time("parked_at")?,
    })
}

pub(super) fn stream(row: &Row) -> Result<StreamId, DbError> {
    Ok(StreamId { kind: Cow::Owned(row.text("aggregate_type")?), id: row.text("aggregate_id")? })
}
