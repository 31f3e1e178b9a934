//! The transaction of a batch.

use std::time::Duration;

use application::ports::{StoredAnswer, StreamId};
use domain::kernel::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::{
    ConnectOptions as _, Executor as _, PgConnection, PgPool, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{CHANNEL, errors::fault};
use crate::log::{
    appender::{Engine, Fault, LogSettings},
    decide::{Facts, Questions, Write},
    shared::{KEYS_LAST, PURGE, signed, stream, unsigned},
};

/// Names the lock that a writer holds through its commit. One number per database is enough: it is
/// "groundwo" in ASCII.
const LOCK: i64 = 0x6772_6f75_6e64_776f;
const FACTS: &str = include_str!("facts.sql");
/// Writes events alone, which is what most batches do, and tells other processes once it commits.
const EVENTS: &str = concat!(include_str!("events.sql"), "SELECT pg_notify($11, $12)");
/// Writes everything that an append can have.
const ALL: &str =
    concat!(include_str!("events.sql"), include_str!("beside.sql"), "SELECT pg_notify($11, $12)");
/// Read committed: the look-ups must see what was committed while the lock was waited for.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// How long the log's lock may be waited for without a word.
const PATIENCE: Duration = Duration::from_secs(1);
const HOLDER: &str = "SELECT a.pid, a.application_name, coalesce(a.state, '') \
    FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid \
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND (l.classid::int8 << 32 | l.objid::int8) = $1";

/// Writes batches on a connection of its own, made when the first batch needs it.
pub struct PgEngine {
    pool: PgPool,
    connection: Option<PgConnection>,
    /// Whether the next look-up leaves nothing out, because the last batch took a stream for new
    /// that was there.
    careful: bool,
    open: Open,
    connect: Duration,
    setup: String,
    begin: String,
    /// Takes the lock in a transaction that was begun without it.
    lock: String,
    /// Commits, and begins again; takes the lock only if no other writer waits for it.
    again: String,
}

/// The transaction of the connection.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    No,
    /// Something was asked and not answered yet.
    Unsure,
    /// Begun, but the log's lock is another writer's.
    Unlocked,
    Locked,
}

impl PgEngine {
    pub fn new(pool: PgPool, settings: &LogSettings) -> Self {
        // The plans are made once, for any number of rows, and must use the indexes even while
        // the tables are still empty.
        let setup = format!(
            "SET application_name = 'groundwork appender'; SET plan_cache_mode = force_generic_plan; \
             SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; \
             SET lock_timeout = {}; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}",
            settings.lock_wait.as_millis(),
            settings.statement.as_millis(),
            settings.statement.as_millis(),
        );
        Self {
            pool,
            connection: None,
            careful: false,
            open: Open::No,
            connect: settings.lock_wait,
            setup,
            begin: format!("{BEGIN}; SELECT pg_advisory_xact_lock({LOCK})"),
            lock: format!("SELECT pg_advisory_xact_lock({LOCK})"),
            again: format!("COMMIT; {BEGIN}; SELECT pg_try_advisory_xact_lock({LOCK})"),
        }
    }

    fn connection(&mut self) -> Result<&mut PgConnection, Fault> {
        self.connection.as_mut().ok_or_else(|| Fault::Unavailable("the connection was lost".into()))
    }

    async fn connect(&self) -> Result<PgConnection, Fault> {
        let connect = async {
            let mut connection = self.pool.connect_options().connect().await?;
            connection.execute(sqlx::raw_sql(&self.setup)).await?;
            Ok(connection)
        };
        match timeout(self.connect, connect).await {
            Ok(connection) => connection.map_err(|error: sqlx::Error| fault(&error)),
            Err(_) => Err(Fault::Unavailable("the database did not answer in time".into())),
        }
    }

    /// Begins a transaction and takes the log's lock, as far as that is not done.
    async fn open(&mut self) -> Result<(), Fault> {
        let statement = match self.open {
            Open::Locked => return Ok(()),
            Open::Unlocked => &self.lock,
            Open::No | Open::Unsure => &self.begin,
        };
        self.open = Open::Unsure;
        if let Some(connection) = &mut self.connection {
            match connection.execute(sqlx::raw_sql(statement)).await {
                Ok(_) => {
                    self.open = Open::Locked;
                    return Ok(());
                }
                Err(error) if is_lock_timeout(&error) => return Err(fault(&error)),
                // It was lost since the last batch, which wrote nothing yet: on a new one.
                Err(_) => self.connection = None,
            }
        }
        let mut connection = self.connect().await?;
        connection.execute(sqlx::raw_sql(&self.begin)).await.map_err(|error| fault(&error))?;
        self.connection = Some(connection);
        self.open = Open::Locked;
        Ok(())
    }

    /// Commits, and begins the next transaction in the same round trip.
    async fn commit_and_begin(&mut self) -> Result<(), sqlx::Error> {
        let Some(connection) = &mut self.connection else { return Err(sqlx::Error::PoolClosed) };
        self.open = Open::Unsure;
        let mut answers = connection.fetch_many(sqlx::raw_sql(&self.again));
        // The first answer is that of COMMIT: whatever comes after it, the batch is in.
        answers.try_next().await?;
        let mut open = Open::Unsure;
        let lost = loop {
            match answers.try_next().await {
                Ok(Some(sqlx::Either::Left(_))) => {}
                Ok(Some(sqlx::Either::Right(row))) => {
                    let locked: bool = row.try_get(0).unwrap_or(false);
                    open = if locked { Open::Locked } else { Open::Unlocked };
                }
                Ok(None) => break false,
                Err(error) => {
                    tracing::debug!(%error, "the connection was lost right after a commit");
                    break true;
                }
            }
        };
        drop(answers);
        if lost {
            (self.connection, open) = (None, Open::No);
        }
        self.open = open;
        Ok(())
    }
}

/// The log was held by another session for too long.
fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("55P03")
}

/// An event with this stream and sequence is there already.
fn is_taken_stream(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
        == Some("events_stream")
}

/// Tells the operator who keeps appends waiting.
async fn name_holder(pool: &PgPool) {
    let holder: Result<Option<(i32, String, String)>, _> =
        sqlx::query_as(HOLDER).bind(LOCK).fetch_optional(pool).await;
    let Ok(Some((pid, application, state))) = holder else { return };
    tracing::warn!(
        pid,
        application,
        state,
        "appends wait for the log, which another session holds"
    );
}

impl Engine for PgEngine {
    async fn begin(&mut self) -> Result<(), Fault> {
        let pool = self.pool.clone();
        let alarm = async {
            sleep(PATIENCE).await;
            name_holder(&pool).await;
            std::future::pending().await
        };
        tokio::select! {
            begun = self.open() => begun,
            never = alarm => never,
        }
    }

    async fn facts(&mut self, all: &Questions<'_>) -> Result<Facts, Fault> {
        let careful = std::mem::take(&mut self.careful);
        let asked: Vec<bool> = all.begins.iter().map(|begins| careful || !begins).collect();
        let streams: Vec<&StreamId> =
            all.streams.iter().zip(&asked).filter(|one| *one.1).map(|one| *one.0).collect();
        let query = sqlx::query(FACTS)
            .bind(texts(&streams, |stream| &stream.kind))
            .bind(texts(&streams, |stream| &stream.id))
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
            .bind(all.letters.iter().map(|one| signed(one.2)).collect::<Vec<_>>());
        let row = query.fetch_one(self.connection()?).await.map_err(|error| fault(&error))?;
        let mut facts = facts(&row).map_err(|error| fault(&error))?;
        let mut known = facts.versions.into_iter();
        // A stream that is not looked up is taken for new; the unique constraint knows better.
        let version = |asked: &bool| if *asked { known.next() } else { Some(0) };
        facts.versions = asked.iter().map_while(version).collect();
        Ok(facts)
    }

    async fn commit(&mut self, write: &Write<'_>, more: bool) -> Result<(), Fault> {
        let connection = self.connection()?;
        let statement = events(sqlx::query(if write.is_plain() { EVENTS } else { ALL }), write);
        let statement = if write.is_plain() { statement } else { beside(statement, write) };
        if let Err(error) = statement.execute(&mut *connection).await {
            self.careful = is_taken_stream(&error);
            return Err(match fault(&error) {
                Fault::Corrupt(why) if self.careful => Fault::Presumed(why),
                other => other,
            });
        }
        let committed = if more {
            self.commit_and_begin().await
        } else {
            let committed = connection.execute(sqlx::raw_sql("COMMIT")).await;
            self.open = if committed.is_ok() { Open::No } else { Open::Unsure };
            committed.map(drop)
        };
        match committed {
            Ok(()) => Ok(()),
            Err(error) => Err(match fault(&error) {
                Fault::Unavailable(why) => {
                    Fault::Unavailable(format!("{why}; the append may have been committed"))
                }
                other => other,
            }),
        }
    }

    async fn abandon(&mut self) {
        if self.open == Open::No {
            return;
        }
        self.open = Open::No;
        // A transaction whose rollback fails ends with its connection.
        let Some(connection) = &mut self.connection else { return };
        let rollback = timeout(self.connect, connection.execute(sqlx::raw_sql("ROLLBACK")));
        if !matches!(rollback.await, Ok(Ok(_))) {
            self.connection = None;
        }
    }

    async fn purge(&mut self, now: Timestamp, limit: u32) -> Result<(), Fault> {
        let purge = sqlx::query(PURGE).bind(now.get()).bind(i64::from(limit));
        purge.execute(&self.pool).await.map_err(|error| fault(&error))?;
        Ok(())
    }
}

/// One column of a list.
fn texts<'a, T>(all: &'a [T], column: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    all.iter().map(column).collect()
}

fn facts(row: &PgRow) -> Result<Facts, sqlx::Error> {
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

type Statement<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

fn events<'q>(statement: Statement<'q>, write: &'q Write<'_>) -> Statement<'q> {
    let all = &write.events;
    let sequences: Vec<i64> = all.iter().map(|row| signed(row.sequence)).collect();
    let ids: Vec<Uuid> = all.iter().map(|row| row.event.id).collect();
    let versions: Vec<String> = all.iter().map(|row| row.event.version.to_string()).collect();
    statement
        .bind(signed(write.head))
        .bind(write.now.get())
        .bind(texts(all, |row| &row.stream.kind))
        .bind(texts(all, |row| &row.stream.id))
        .bind(sequences)
        .bind(ids)
        .bind(texts(all, |row| &row.event.name))
        .bind(versions)
        .bind(texts(all, |row| &row.event.payload))
        .bind(texts(all, |row| row.metadata))
        .bind(CHANNEL)
        .bind(write.next_head().to_string())
}

fn beside<'q>(statement: Statement<'q>, write: &'q Write<'_>) -> Statement<'q> {
    let expires = write.now.plus(KEYS_LAST).get();
    let (take, keys, letters) = (&write.take, &write.keys, &write.parked);
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
    statement
        .bind(texts(take, |claim| &claim.claim.scope))
        .bind(texts(take, |claim| &claim.claim.kind))
        .bind(texts(take, |claim| &claim.claim.value))
        .bind(texts(take, |claim| &claim.owner.kind))
        .bind(texts(take, |claim| &claim.owner.id))
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
}

/// Empties the log in one transaction; the position of the event that tells of it.
#[cfg(feature = "testing-only")]
pub async fn reset(pool: &PgPool, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
    transaction.execute(sqlx::raw_sql(&lock)).await?;
    let head: i64 =
        sqlx::query_scalar(crate::log::shared::HEAD).fetch_one(&mut *transaction).await?;
    transaction
        .execute(sqlx::raw_sql(
            "ALTER TABLE events DISABLE TRIGGER events_append_only; \
             TRUNCATE events, claims, checkpoints, idempotency_keys, snapshots, dead_letters; \
             ALTER TABLE events ENABLE TRIGGER events_append_only",
        ))
        .await?;
    let event = crate::log::reset::event(unsigned(head) + 1, now);
    sqlx::query(
        "INSERT INTO events VALUES ($1, $2, $3, 1, $4, $5, $6, $7::text::json, $8::text::json, $9)",
    )
    .bind(signed(event.position))
    .bind(&*event.stream.kind)
    .bind(&event.stream.id)
    .bind(event.event_id)
    .bind(event.name)
    .bind(event.version.to_string())
    .bind(event.payload)
    .bind(event.metadata)
    .bind(now.get())
    .execute(&mut *transaction)
    .await?;
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(event.position.to_string())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(event.position)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_is_the_word_it_claims_to_be() {
        assert_eq!(&super::LOCK.to_be_bytes(), b"groundwo");
    }
}
