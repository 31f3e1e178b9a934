//! The transaction of a batch.
//!
//! Lists travel as one JSON parameter each: a statement per row would cost a turn of the
//! connection's thread per row.

use domain::kernel::Timestamp;
use serde_json::json;
#[cfg(feature = "testing-only")]
use sqlx::Executor as _;
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};

use super::{errors::fault, rows};
use crate::log::{
    decide::{Facts, Questions, Write},
    engine::{Engine, Fault},
    shared::{HEAD, KEYS_LAST, PURGE, signed, stream, unsigned},
};

const VERSIONS: &str = "SELECT coalesce((SELECT max(e.sequence) FROM events AS e \
    WHERE e.aggregate_type = q.value ->> 0 AND e.aggregate_id = q.value ->> 1), 0) \
    FROM json_each($1) AS q ORDER BY q.key";
const OWNERS: &str = "SELECT c.aggregate_type, c.aggregate_id \
    FROM json_each($1) AS q LEFT JOIN claims AS c \
    ON c.scope = q.value ->> 0 AND c.kind = q.value ->> 1 AND c.value = q.value ->> 2 \
    ORDER BY q.key";
const ANSWERS: &str = "SELECT k.scope IS NOT NULL, k.fingerprint, k.position, k.aggregate_type, \
    k.aggregate_id, k.response FROM json_each($1) AS q LEFT JOIN idempotency_keys AS k \
    ON k.scope = q.value ->> 0 AND k.key = q.value ->> 1 AND k.expires_at > $2 ORDER BY q.key";
const CHECKPOINTS: &str = "SELECT coalesce(c.position, 0) \
    FROM json_each($1) AS q LEFT JOIN checkpoints AS c \
    ON c.consumer = q.value ->> 0 AND c.part = q.value ->> 1 ORDER BY q.key";
const LETTERS: &str = "SELECT d.position IS NOT NULL \
    FROM json_each($1) AS q LEFT JOIN dead_letters AS d \
    ON d.consumer = q.value ->> 0 AND d.part = q.value ->> 1 AND d.position = q.value ->> 2 \
    ORDER BY q.key";

const EVENTS: &str = "INSERT INTO events (position, recorded_at, aggregate_type, aggregate_id, \
    sequence, event_id, event_type, event_version, payload, metadata) \
    SELECT $1 + 1 + q.key, $2, q.value ->> 0, q.value ->> 1, q.value ->> 2, q.value ->> 3, \
    q.value ->> 4, q.value ->> 5, q.value ->> 6, q.value ->> 7 FROM json_each($3) AS q";
const TAKE: &str = "INSERT INTO claims (scope, kind, value, aggregate_type, aggregate_id) \
    SELECT q.value ->> 0, q.value ->> 1, q.value ->> 2, q.value ->> 3, q.value ->> 4 \
    FROM json_each($1) AS q WHERE true ON CONFLICT (scope, kind, value) DO UPDATE \
    SET aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id";
const RELEASE: &str = "DELETE FROM claims WHERE (scope, kind, value) IN \
    (SELECT q.value ->> 0, q.value ->> 1, q.value ->> 2 FROM json_each($1) AS q)";
const MOVE: &str = "INSERT INTO checkpoints (consumer, part, position) \
    SELECT q.value ->> 0, q.value ->> 1, q.value ->> 2 FROM json_each($1) AS q WHERE true \
    ON CONFLICT (consumer, part) DO UPDATE SET position = excluded.position";
// The conflict is with an expired one that was not removed yet.
const KEYS: &str = "INSERT INTO idempotency_keys \
    (expires_at, scope, key, fingerprint, position, aggregate_type, aggregate_id) \
    SELECT $2, q.value ->> 0, q.value ->> 1, q.value ->> 2, q.value ->> 3, q.value ->> 4, \
    q.value ->> 5 FROM json_each($1) AS q WHERE true ON CONFLICT (scope, key) DO UPDATE \
    SET fingerprint = excluded.fingerprint, position = excluded.position, \
    aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id, \
    response = NULL, expires_at = excluded.expires_at";
const SETTLE: &str = "DELETE FROM dead_letters WHERE (consumer, position) IN \
    (SELECT q.value ->> 0, q.value ->> 1 FROM json_each($1) AS q)";
// The conflict is with one that was tried again, in vain.
const PARK: &str = "INSERT INTO dead_letters (consumer, part, position, aggregate_type, \
    aggregate_id, event_type, error, attempts, parked_at) SELECT q.value ->> 0, q.value ->> 1, \
    q.value ->> 2, q.value ->> 3, q.value ->> 4, q.value ->> 5, q.value ->> 6, q.value ->> 7, \
    q.value ->> 8 FROM json_each($1) AS q WHERE true ON CONFLICT (consumer, position) DO UPDATE \
    SET part = excluded.part, error = excluded.error, attempts = excluded.attempts, \
    parked_at = excluded.parked_at";

// The conflict is with what the same cause enqueued before.
const ENQUEUE: &str = "INSERT INTO work_messages (enqueued_at, id, queue, body) \
    SELECT $1, q.value ->> 0, q.value ->> 1, q.value ->> 2 FROM json_each($2) AS q \
    WHERE true ORDER BY q.key ON CONFLICT (id) DO NOTHING";

/// Writes batches on the one connection that writes.
pub struct SqliteEngine {
    writer: SqlitePool,
    /// Rolled back when it is dropped.
    transaction: Option<Transaction<'static, Sqlite>>,
}

impl SqliteEngine {
    pub fn new(writer: SqlitePool) -> Self {
        Self { writer, transaction: None }
    }

    fn transaction(&mut self) -> Result<&mut Transaction<'static, Sqlite>, Fault> {
        self.transaction
            .as_mut()
            .ok_or_else(|| Fault::Unavailable("the transaction was lost".into()))
    }
}

impl Engine for SqliteEngine {
    async fn begin(&mut self) -> Result<(), Fault> {
        self.transaction = None;
        // A deferred transaction that reads before it writes fails instead of waiting.
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        self.transaction = Some(begun.map_err(|error| fault(&error))?);
        Ok(())
    }

    async fn facts(&mut self, all: &Questions<'_>) -> Result<Facts, Fault> {
        let transaction = self.transaction()?;
        facts(transaction, all).await.map_err(|error| fault(&error))
    }

    async fn commit(&mut self, all: &Write<'_>) -> Result<(), Fault> {
        write(self.transaction()?, all).await.map_err(|error| fault(&error))?;
        match self.transaction.take() {
            Some(transaction) => transaction.commit().await.map_err(|error| fault(&error)),
            None => Ok(()),
        }
    }

    async fn abandon(&mut self) {
        self.transaction = None;
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
    let mut facts = Facts::default();
    let head: i64 = sqlx::query_scalar(HEAD).fetch_one(&mut *connection).await?;
    facts.head = unsigned(head);
    if !all.streams.is_empty() {
        let list = list(&all.streams, |one| json!([one.kind, one.id]));
        let versions: Vec<i64> =
            sqlx::query_scalar(VERSIONS).bind(list).fetch_all(&mut *connection).await?;
        facts.versions = versions.into_iter().map(unsigned).collect();
    }
    if !all.claims.is_empty() {
        let list = list(&all.claims, |one| json!([one.scope, one.kind, one.value]));
        let owners: Vec<(Option<String>, Option<String>)> =
            sqlx::query_as(OWNERS).bind(list).fetch_all(&mut *connection).await?;
        facts.owners = owners.into_iter().map(|(kind, id)| stream(kind, id)).collect();
    }
    if !all.keys.is_empty() {
        let list = list(&all.keys, |one| json!([one.scope, one.key]));
        let query = sqlx::query(ANSWERS).bind(list).bind(all.now.to_string());
        for row in query.fetch_all(&mut *connection).await? {
            let found: bool = row.try_get(0)?;
            facts.answers.push(if found { Some(rows::answer(&row, 1)?) } else { None });
        }
    }
    if !all.checkpoints.is_empty() {
        let list = list(&all.checkpoints, |one| json!([one.0, one.1]));
        let positions: Vec<i64> =
            sqlx::query_scalar(CHECKPOINTS).bind(list).fetch_all(&mut *connection).await?;
        facts.checkpoints = positions.into_iter().map(unsigned).collect();
    }
    if !all.letters.is_empty() {
        let list = list(&all.letters, |one| json!([one.0, one.1, one.2]));
        facts.letters = sqlx::query_scalar(LETTERS).bind(list).fetch_all(&mut *connection).await?;
    }
    Ok(facts)
}

async fn write(
    connection: &mut sqlx::SqliteConnection,
    all: &Write<'_>,
) -> Result<(), sqlx::Error> {
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
        let insert =
            sqlx::query(EVENTS).bind(signed(all.head)).bind(all.now.to_string()).bind(events);
        insert.execute(&mut *connection).await?;
    }
    if !all.take.is_empty() {
        let list = list(&all.take, |one| {
            let (claim, owner) = (&one.claim, &one.owner);
            json!([claim.scope, claim.kind, claim.value, owner.kind, owner.id])
        });
        sqlx::query(TAKE).bind(list).execute(&mut *connection).await?;
    }
    if !all.release.is_empty() {
        let list = list(&all.release, |one| json!([one.scope, one.kind, one.value]));
        sqlx::query(RELEASE).bind(list).execute(&mut *connection).await?;
    }
    if !all.keys.is_empty() {
        let list = list(&all.keys, |row| {
            let (kind, id) = (row.stream.map(|one| &one.kind), row.stream.map(|one| &one.id));
            json!([row.key.scope, row.key.key, row.key.fingerprint, row.position, kind, id])
        });
        let expires = all.now.plus(KEYS_LAST).to_string();
        sqlx::query(KEYS).bind(list).bind(expires).execute(&mut *connection).await?;
    }
    if !all.work.is_empty() {
        let list = list(&all.work, |one| json!([one.id, one.queue.name(), one.body]));
        let insert = sqlx::query(ENQUEUE).bind(all.now.to_string()).bind(list);
        insert.execute(&mut *connection).await?;
    }
    if all.checkpoints.is_empty() { Ok(()) } else { consume(connection, all).await }
}

async fn consume(
    connection: &mut sqlx::SqliteConnection,
    all: &Write<'_>,
) -> Result<(), sqlx::Error> {
    let moved = list(&all.checkpoints, |one| json!([one.consumer, one.part, one.to]));
    sqlx::query(MOVE).bind(moved).execute(&mut *connection).await?;
    let settled: Vec<_> = all.checkpoints.iter().filter(|one| one.settles.is_some()).collect();
    if !settled.is_empty() {
        let list = list(&settled, |one| json!([one.consumer, one.settles]));
        sqlx::query(SETTLE).bind(list).execute(&mut *connection).await?;
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
        sqlx::query(PARK).bind(list).execute(&mut *connection).await?;
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
