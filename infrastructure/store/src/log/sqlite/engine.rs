//! The transaction of a batch.
//!
//! Lists travel as one JSON parameter each, and the statements of a step as one script, its beginning
//! or end of the transaction included: each row, or each statement, by itself would cost a turn of the
//! connection's thread.

use domain::kernel::Timestamp;
use serde_json::json;
#[cfg(feature = "testing-only")]
use sqlx::Executor as _;
use sqlx::{
    Arguments as _, Encode, Row as _, Sqlite, SqlitePool, Type,
    pool::PoolConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{errors::fault, rows};
use crate::log::{
    decide::{Facts, Questions, Write},
    engine::{Engine, Fault},
    shared::{HEAD, KEYS_LAST, PURGE, signed, stream, unsigned},
};

const VERSIONS: &str = "SELECT coalesce((SELECT max(e.sequence) FROM events AS e \
    WHERE e.aggregate_type = q.value ->> 0 AND e.aggregate_id = q.value ->> 1), 0) \
    FROM json_each(?) AS q ORDER BY q.key";
const OWNERS: &str = "SELECT c.aggregate_type, c.aggregate_id \
    FROM json_each(?) AS q LEFT JOIN claims AS c \
    ON c.scope = q.value ->> 0 AND c.kind = q.value ->> 1 AND c.value = q.value ->> 2 \
    ORDER BY q.key";
const ANSWERS: &str = "SELECT k.scope IS NOT NULL, k.fingerprint, k.position, k.aggregate_type, \
    k.aggregate_id, k.response FROM json_each(?) AS q LEFT JOIN idempotency_keys AS k \
    ON k.scope = q.value ->> 0 AND k.key = q.value ->> 1 AND k.expires_at > ? ORDER BY q.key";
const CHECKPOINTS: &str = "SELECT coalesce(c.position, 0) \
    FROM json_each(?) AS q LEFT JOIN checkpoints AS c \
    ON c.consumer = q.value ->> 0 AND c.part = q.value ->> 1 ORDER BY q.key";
const LETTERS: &str = "SELECT d.position IS NOT NULL \
    FROM json_each(?) AS q LEFT JOIN dead_letters AS d \
    ON d.consumer = q.value ->> 0 AND d.part = q.value ->> 1 AND d.position = q.value ->> 2 \
    ORDER BY q.key";

const EVENTS: &str = "INSERT INTO events (position, recorded_at, aggregate_type, aggregate_id, \
    sequence, event_id, event_type, event_version, payload, metadata) \
    SELECT ? + 1 + q.key, ?, q.value ->> 0, q.value ->> 1, q.value ->> 2, q.value ->> 3, \
    q.value ->> 4, q.value ->> 5, q.value ->> 6, q.value ->> 7 FROM json_each(?) AS q";
const TAKE: &str = "INSERT INTO claims (scope, kind, value, aggregate_type, aggregate_id) \
    SELECT q.value ->> 0, q.value ->> 1, q.value ->> 2, q.value ->> 3, q.value ->> 4 \
    FROM json_each(?) AS q WHERE true ON CONFLICT (scope, kind, value) DO UPDATE \
    SET aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id";
const RELEASE: &str = "DELETE FROM claims WHERE (scope, kind, value) IN \
    (SELECT q.value ->> 0, q.value ->> 1, q.value ->> 2 FROM json_each(?) AS q)";
const MOVE: &str = "INSERT INTO checkpoints (consumer, part, position) \
    SELECT q.value ->> 0, q.value ->> 1, q.value ->> 2 FROM json_each(?) AS q WHERE true \
    ON CONFLICT (consumer, part) DO UPDATE SET position = excluded.position";
// The conflict is with an expired one that was not removed yet.
const KEYS: &str = "INSERT INTO idempotency_keys \
    (expires_at, scope, key, fingerprint, position, aggregate_type, aggregate_id) \
    SELECT ?, q.value ->> 0, q.value ->> 1, q.value ->> 2, q.value ->> 3, q.value ->> 4, \
    q.value ->> 5 FROM json_each(?) AS q WHERE true ON CONFLICT (scope, key) DO UPDATE \
    SET fingerprint = excluded.fingerprint, position = excluded.position, \
    aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id, \
    response = NULL, expires_at = excluded.expires_at";
const SETTLE: &str = "DELETE FROM dead_letters WHERE (consumer, position) IN \
    (SELECT q.value ->> 0, q.value ->> 1 FROM json_each(?) AS q)";
// The conflict is with one that was tried again, in vain.
const PARK: &str = "INSERT INTO dead_letters (consumer, part, position, aggregate_type, \
    aggregate_id, event_type, error, attempts, parked_at) SELECT q.value ->> 0, q.value ->> 1, \
    q.value ->> 2, q.value ->> 3, q.value ->> 4, q.value ->> 5, q.value ->> 6, q.value ->> 7, \
    q.value ->> 8 FROM json_each(?) AS q WHERE true ON CONFLICT (consumer, position) DO UPDATE \
    SET part = excluded.part, error = excluded.error, attempts = excluded.attempts, \
    parked_at = excluded.parked_at";

// The conflict is with what the same cause enqueued before.
const ENQUEUE: &str = "INSERT INTO work_messages (enqueued_at, id, queue, body) \
    SELECT ?, q.value ->> 0, q.value ->> 1, q.value ->> 2 FROM json_each(?) AS q \
    WHERE true ORDER BY q.key ON CONFLICT (id) DO NOTHING";

/// Several statements that are run in one turn. Their parameters have no numbers: they are bound in
/// their order, across the statements.
#[derive(Default)]
struct Script {
    text: String,
    arguments: SqliteArguments<'static>,
}

impl Script {
    fn add(&mut self, statement: &str) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push(';');
        }
        self.text.push_str(statement);
        self
    }

    fn bind<T>(&mut self, value: T) -> Result<&mut Self, sqlx::Error>
    where
        T: Encode<'static, Sqlite> + Type<Sqlite> + 'static,
    {
        self.arguments.add(value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }

    /// The rows of all statements, one after the other.
    async fn run(
        self,
        connection: &mut sqlx::SqliteConnection,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        sqlx::query_with(&self.text, self.arguments).fetch_all(connection).await
    }
}

// A deferred transaction that reads before it writes fails instead of waiting.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// Writes batches on the one connection that writes.
pub struct SqliteEngine {
    writer: SqlitePool,
    connection: Option<PoolConnection<Sqlite>>,
    /// Whether the connection may be in a transaction: then nobody else must get it.
    open: bool,
}

impl SqliteEngine {
    pub fn new(writer: SqlitePool) -> Self {
        Self { writer, connection: None, open: false }
    }

    fn connection(&mut self) -> Result<&mut sqlx::SqliteConnection, Fault> {
        let lost = || Fault::Unavailable("the transaction was lost".into());
        self.connection.as_deref_mut().ok_or_else(lost)
    }

    /// Closes the connection, and rolls back with it.
    fn close(&mut self) {
        drop(self.connection.take().map(PoolConnection::detach));
        self.open = false;
    }
}

impl Drop for SqliteEngine {
    fn drop(&mut self) {
        if self.open {
            self.close();
        }
    }
}

impl Engine for SqliteEngine {
    async fn begin(&mut self) -> Result<(), Fault> {
        self.abandon().await;
        self.connection = Some(self.writer.acquire().await.map_err(|error| fault(&error))?);
        Ok(())
    }

    async fn facts(&mut self, all: &Questions<'_>) -> Result<Facts, Fault> {
        self.open = true;
        facts(self.connection()?, all).await.map_err(|error| fault(&error))
    }

    async fn commit(&mut self, all: &Write<'_>) -> Result<(), Fault> {
        write(self.connection()?, all).await.map_err(|error| fault(&error))?;
        self.open = false;
        self.connection = None;
        Ok(())
    }

    async fn abandon(&mut self) {
        if self.open
            && let Ok(connection) = self.connection()
            && sqlx::query(ROLLBACK).execute(connection).await.is_err()
        {
            // It had not begun, or had ended; or the database is in trouble.
            self.close();
        }
        self.open = false;
        self.connection = None;
    }

    async fn purge(&mut self, now: Timestamp, limit: u32) -> Result<(), Fault> {
        let purge = sqlx::query(PURGE).bind(now.to_string()).bind(limit);
        purge.execute(&self.writer).await.map_err(|error| fault(&error))?;
        Ok(())
    }
}

async fn facts(
    connection: &mut sqlx::SqliteConnection,
    all: &Questions<'_>,
) -> Result<Facts, sqlx::Error> {
    let mut script = Script::default();
    script.add(BEGIN).add(HEAD);
    if !all.streams.is_empty() {
        script.add(VERSIONS).bind(list(&all.streams, |one| json!([one.kind, one.id])))?;
    }
    if !all.claims.is_empty() {
        let list = list(&all.claims, |one| json!([one.scope, one.kind, one.value]));
        script.add(OWNERS).bind(list)?;
    }
    if !all.keys.is_empty() {
        let list = list(&all.keys, |one| json!([one.scope, one.key]));
        script.add(ANSWERS).bind(list)?.bind(all.now.to_string())?;
    }
    if !all.checkpoints.is_empty() {
        script.add(CHECKPOINTS).bind(list(&all.checkpoints, |one| json!([one.0, one.1])))?;
    }
    if !all.letters.is_empty() {
        script.add(LETTERS).bind(list(&all.letters, |one| json!([one.0, one.1, one.2])))?;
    }
    let rows = script.run(connection).await?;
    // Each statement answers with a row per question, in their order.
    let questions = [all.streams.len(), all.claims.len(), all.keys.len(), all.checkpoints.len()];
    if rows.len() != 1 + questions.iter().sum::<usize>() + all.letters.len() {
        return Err(sqlx::Error::RowNotFound);
    }
    let mut rows = rows.iter();
    let head = rows.next().ok_or(sqlx::Error::RowNotFound)?;
    let mut facts = Facts { head: unsigned(head.try_get(0)?), ..Facts::default() };
    for row in rows.by_ref().take(all.streams.len()) {
        facts.versions.push(unsigned(row.try_get(0)?));
    }
    for row in rows.by_ref().take(all.claims.len()) {
        facts.owners.push(stream(row.try_get(0)?, row.try_get(1)?));
    }
    for row in rows.by_ref().take(all.keys.len()) {
        let found: bool = row.try_get(0)?;
        facts.answers.push(if found { Some(rows::answer(row, 1)?) } else { None });
    }
    for row in rows.by_ref().take(all.checkpoints.len()) {
        facts.checkpoints.push(unsigned(row.try_get(0)?));
    }
    for row in rows {
        facts.letters.push(row.try_get(0)?);
    }
    Ok(facts)
}

async fn write(
    connection: &mut sqlx::SqliteConnection,
    all: &Write<'_>,
) -> Result<(), sqlx::Error> {
    let (mut script, now) = (Script::default(), all.now.to_string());
    if !all.events.is_empty() {
        let events = list(&all.events, |row| {
            json!([
                row.stream.kind,
                row.stream.id,
                row.sequence,
                row.event.id,
                row.event.name,
                row.event.version.to_string(),
                row.event.payload,
                row.metadata.as_ref(),
            ])
        });
        script.add(EVENTS).bind(signed(all.head))?.bind(now.clone())?.bind(events)?;
    }
    if !all.take.is_empty() {
        let list = list(&all.take, |one| {
            let (claim, owner) = (&one.claim, &one.owner);
            json!([claim.scope, claim.kind, claim.value, owner.kind, owner.id])
        });
        script.add(TAKE).bind(list)?;
    }
    if !all.release.is_empty() {
        let list = list(&all.release, |one| json!([one.scope, one.kind, one.value]));
        script.add(RELEASE).bind(list)?;
    }
    if !all.keys.is_empty() {
        let list = list(&all.keys, |row| {
            let (kind, id) = (row.stream.map(|one| &one.kind), row.stream.map(|one| &one.id));
            json!([row.key.scope, row.key.key, row.key.fingerprint, row.position, kind, id])
        });
        script.add(KEYS).bind(all.now.plus(KEYS_LAST).to_string())?.bind(list)?;
    }
    if !all.work.is_empty() {
        let list = list(&all.work, |one| json!([one.id, one.queue.name(), one.body]));
        script.add(ENQUEUE).bind(now)?.bind(list)?;
    }
    consume(&mut script, all)?;
    script.add(COMMIT);
    script.run(connection).await?;
    Ok(())
}

fn consume(script: &mut Script, all: &Write<'_>) -> Result<(), sqlx::Error> {
    if !all.checkpoints.is_empty() {
        let moved = list(&all.checkpoints, |one| json!([one.consumer, one.part, one.to]));
        script.add(MOVE).bind(moved)?;
    }
    let settled: Vec<_> = all.checkpoints.iter().filter(|one| one.settles.is_some()).collect();
    if !settled.is_empty() {
        script.add(SETTLE).bind(list(&settled, |one| json!([one.consumer, one.settles])))?;
    }
    if !all.parked.is_empty() {
        let list = list(&all.parked, |one| {
            json!([
                one.consumer,
                one.part,
                one.position,
                one.stream.kind,
                one.stream.id,
                one.event,
                one.error,
                one.attempts,
                one.parked_at,
            ])
        });
        script.add(PARK).bind(list)?;
    }
    Ok(())
}

/// A JSON array of what each item is as JSON.
fn list<T>(all: &[T], item: impl Fn(&T) -> serde_json::Value) -> String {
    serde_json::Value::Array(all.iter().map(item).collect()).to_string()
}

/// Empties the log in one transaction; the position of the event that tells of it.
#[cfg(feature = "testing-only")]
pub async fn reset(writer: &SqlitePool, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let head: i64 = sqlx::query_scalar(HEAD).fetch_one(&mut *transaction).await?;
    let kept = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'events_no_delete'";
    let trigger: String = sqlx::query_scalar(kept).fetch_one(&mut *transaction).await?;
    transaction
        .execute(sqlx::raw_sql(
            "DROP TRIGGER events_no_delete; DELETE FROM events; DELETE FROM claims; \
             DELETE FROM checkpoints; DELETE FROM idempotency_keys; DELETE FROM snapshots; \
             DELETE FROM dead_letters; DELETE FROM event_notifications; \
             DELETE FROM webhook_notifications; \
             DELETE FROM work_messages",
        ))
        .await?;
    transaction.execute(sqlx::raw_sql(&trigger)).await?;
    let event = crate::log::reset::event(unsigned(head) + 1, now);
    sqlx::query("INSERT INTO events VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9)")
        .bind(signed(event.position))
        .bind(event.stream.kind.into_owned())
        .bind(event.stream.id)
        .bind(event.event_id.to_string())
        .bind(event.name)
        .bind(event.version.to_string())
        .bind(event.payload)
        .bind(event.metadata)
        .bind(now.to_string())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(event.position)
}

#[cfg(test)]
mod tests;
