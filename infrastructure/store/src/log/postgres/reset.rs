//! Emptying the log, for tests.

use domain::kernel::Timestamp;
use sqlx::{Executor as _, PgPool};

use super::{CHANNEL, engine::LOCK};
use crate::log::{
    reset,
    shared::{HEAD, signed, unsigned},
};

/// Empties the log in one transaction; the position of the event that tells of it.
pub async fn reset(pool: &PgPool, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
    transaction.execute(sqlx::raw_sql(&lock)).await?;
    let head: i64 = sqlx::query_scalar(HEAD).fetch_one(&mut *transaction).await?;
    transaction
        .execute(sqlx::raw_sql(
            "ALTER TABLE events DISABLE TRIGGER events_append_only; \
             TRUNCATE events, claims, checkpoints, idempotency_keys, snapshots, dead_letters, \
             event_notifications, webhook_notifications, work_messages; \
             ALTER TABLE events ENABLE TRIGGER events_append_only",
        ))
        .await?;
    let event = reset::event(unsigned(head) + 1, now);
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
