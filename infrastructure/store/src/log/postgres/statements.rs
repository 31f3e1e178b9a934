//! What the transaction of a batch asks and writes, with its values.

use application::ports::{Claim, StoredAnswer};
use sqlx::{
    Postgres, Row as _,
    postgres::{PgArguments, PgRow},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{CHANNEL, engine::LOCK};
use crate::log::{
    decide::{Facts, Questions, Write},
    shared::{KEYS_LAST, signed, stream, unsigned},
};

/// Writes events and claims, and finds out whether everything is as expected, by itself.
const PRESUMED: &str = include_str!("presumed.sql");
const FACTS: &str = include_str!("facts.sql");
/// Writes events alone, which is what most batches do, and tells other processes once it commits.
const EVENTS: &str = concat!(include_str!("events.sql"), "SELECT pg_notify($11, $12)");
/// Writes everything that an append can have.
const ALL: &str =
    concat!(include_str!("events.sql"), include_str!("beside.sql"), "SELECT pg_notify($11, $12)");

type Statement<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// Writes a batch of events and claims if everything is as expected; one row if it is.
pub fn presume<'q>(write: &'q Write<'_>) -> Statement<'q> {
    let mut continued: Vec<(&str, &str, i64)> = vec![];
    let mut last = None;
    for row in &write.events {
        // Events of a stream are next to each other.
        if last.replace(row.stream) != Some(row.stream) && row.sequence > 1 {
            continued.push((&row.stream.kind, &row.stream.id, signed(row.sequence - 1)));
        }
    }
    let statement = rows(sqlx::query(PRESUMED).bind(LOCK), write)
        .bind(continued.iter().map(|stream| stream.0).collect::<Vec<_>>())
        .bind(continued.iter().map(|stream| stream.1).collect::<Vec<_>>())
        .bind(continued.iter().map(|stream| stream.2).collect::<Vec<_>>());
    taken(statement, &write.take)
}

/// Asks everything that a batch depends on.
pub fn look_up<'q>(all: &'q Questions<'_>) -> Statement<'q> {
    sqlx::query(FACTS)
        .bind(texts(&all.streams, |stream| &stream.kind))
        .bind(texts(&all.streams, |stream| &stream.id))
        .bind(texts(&all.claims, |claim| &claim.scope))
        .bind(texts(&all.claims, |claim| &claim.kind))
        .bind(texts(&all.claims, |claim| &claim.value))
        .bind(texts(&all.keys, |key| &key.scope))
        .bind(texts(&all.keys, |key| &key.key))
        .bind(all.now.get())
        .bind(texts(&all.checkpoints, |checkpoint| checkpoint.0))
        .bind(all.checkpoints.iter().map(|one| i32::from(one.1)).collect::<Vec<_>>())
        .bind(texts(&all.letters, |letter| letter.0))
        .bind(all.letters.iter().map(|one| i32::from(one.1)).collect::<Vec<_>>())
        .bind(all.letters.iter().map(|one| signed(one.2)).collect::<Vec<_>>())
}

/// Writes a batch.
pub fn write<'q>(write: &'q Write<'_>) -> Statement<'q> {
    if write.is_plain() {
        events(sqlx::query(EVENTS), write)
    } else {
        beside(events(sqlx::query(ALL), write), write)
    }
}

/// One column of a list.
fn texts<'a, T>(all: &'a [T], column: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    all.iter().map(column).collect()
}

/// The answers of [`look_up`].
pub fn facts(row: &PgRow) -> Result<Facts, sqlx::Error> {
    let versions: Vec<i64> = row.try_get(1)?;
    let (kinds, ids): (Vec<Option<String>>, Vec<Option<String>>) =
        (row.try_get(2)?, row.try_get(3)?);
    let checkpoints: Vec<i64> = row.try_get(4)?;
    let fingerprints: Vec<Option<String>> = list(row, 5)?;
    let (positions, responses): (Vec<Option<i64>>, Vec<Option<Vec<u8>>>) =
        (list(row, 6)?, list(row, 9)?);
    let (answer_kinds, answer_ids): (Vec<Option<String>>, Vec<Option<String>>) =
        (list(row, 7)?, list(row, 8)?);
    let streams = answer_kinds.into_iter().zip(answer_ids).map(|(kind, id)| stream(kind, id));
    let answers = fingerprints.into_iter().zip(positions).zip(responses).zip(streams);
    Ok(Facts {
        head: unsigned(row.try_get(0)?),
        versions: versions.into_iter().map(unsigned).collect(),
        owners: kinds.into_iter().zip(ids).map(|(kind, id)| stream(kind, id)).collect(),
        checkpoints: checkpoints.into_iter().map(unsigned).collect(),
        letters: row.try_get(10)?,
        answers: answers
            .map(|(((fingerprint, position), response), stream)| {
                let (fingerprint, position) = (fingerprint?, unsigned(position?));
                Some(StoredAnswer { fingerprint, position, stream, response })
            })
            .collect(),
    })
}

/// An aggregate over no rows is NULL.
fn list<'r, T>(row: &'r PgRow, column: usize) -> Result<Vec<T>, sqlx::Error>
where
    Vec<T>: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    Ok(row.try_get::<Option<Vec<T>>, _>(column)?.unwrap_or_default())
}

fn events<'q>(statement: Statement<'q>, write: &'q Write<'_>) -> Statement<'q> {
    rows(statement.bind(signed(write.head)), write)
}

/// The time, events, and how to tell others how many.
fn rows<'q>(statement: Statement<'q>, write: &'q Write<'_>) -> Statement<'q> {
    let all = &write.events;
    let sequences: Vec<i64> = all.iter().map(|row| signed(row.sequence)).collect();
    let ids: Vec<Uuid> = all.iter().map(|row| row.event.id).collect();
    let versions: Vec<String> = all.iter().map(|row| row.event.version.to_string()).collect();
    statement
        .bind(write.now.get())
        .bind(texts(all, |row| &row.stream.kind))
        .bind(texts(all, |row| &row.stream.id))
        .bind(sequences)
        .bind(ids)
        .bind(texts(all, |row| &row.event.name))
        .bind(versions)
        .bind(texts(all, |row| &row.event.payload))
        .bind(texts(all, |row| &row.metadata))
        .bind(CHANNEL)
        .bind(write.next_head().to_string())
}

fn taken<'q>(statement: Statement<'q>, take: &'q [&Claim]) -> Statement<'q> {
    statement
        .bind(texts(take, |claim| &claim.claim.scope))
        .bind(texts(take, |claim| &claim.claim.kind))
        .bind(texts(take, |claim| &claim.claim.value))
        .bind(texts(take, |claim| &claim.owner.kind))
        .bind(texts(take, |claim| &claim.owner.id))
}

fn beside<'q>(statement: Statement<'q>, write: &'q Write<'_>) -> Statement<'q> {
    let expires = write.now.plus(KEYS_LAST).get();
    let (keys, letters) = (&write.keys, &write.parked);
    let key_kinds: Vec<Option<&str>> =
        keys.iter().map(|row| row.stream.map(|stream| &*stream.kind)).collect();
    let key_ids: Vec<Option<&str>> =
        keys.iter().map(|row| row.stream.map(|stream| stream.id.as_str())).collect();
    let attempts = letters.iter().map(|one| i32::try_from(one.attempts).unwrap_or(i32::MAX));
    let parked: Vec<OffsetDateTime> = letters.iter().map(|one| one.parked_at.get()).collect();
    let settled: Vec<(&str, i64)> = write
        .checkpoints
        .iter()
        .filter_map(|one| Some((one.consumer.as_str(), signed(one.settles?))))
        .collect();
    taken(statement, &write.take)
        .bind(texts(&write.release, |claim| &claim.scope))
        .bind(texts(&write.release, |claim| &claim.kind))
        .bind(texts(&write.release, |claim| &claim.value))
        .bind(texts(&write.checkpoints, |one| &one.consumer))
        .bind(write.checkpoints.iter().map(|one| i32::from(one.part)).collect::<Vec<_>>())
        .bind(write.checkpoints.iter().map(|one| signed(one.to)).collect::<Vec<_>>())
        .bind(texts(keys, |row| &row.key.scope))
        .bind(texts(keys, |row| &row.key.key))
        .bind(texts(keys, |row| &row.key.fingerprint))
        .bind(keys.iter().map(|row| signed(row.position)).collect::<Vec<_>>())
        .bind(key_kinds)
        .bind(key_ids)
        .bind(expires)
        .bind(texts(letters, |one| &one.consumer))
        .bind(letters.iter().map(|one| i32::from(one.part)).collect::<Vec<_>>())
        .bind(letters.iter().map(|one| signed(one.position)).collect::<Vec<_>>())
        .bind(texts(letters, |one| &one.stream.kind))
        .bind(texts(letters, |one| &one.stream.id))
        .bind(texts(letters, |one| &one.event))
        .bind(texts(letters, |one| &one.error))
        .bind(attempts.collect::<Vec<_>>())
        .bind(parked)
        .bind(settled.iter().map(|one| one.0).collect::<Vec<_>>())
        .bind(settled.iter().map(|one| one.1).collect::<Vec<_>>())
        .bind(texts(&write.work, |message| &message.id))
        .bind(texts(&write.work, |message| message.queue.name()))
        .bind(texts(&write.work, |message| &message.body))
}
