//! The limit of what one INSERT per commit can do: the same row, no version check, no order.

use std::sync::Arc;

use adapters::{clock::SystemClock, ids::RandomIds};
use application::ports::{Clock as _, Ids as _};
use sqlx::Executor;
use store::migrations::{Store, migrate_sqlite};

use super::PAYLOAD;
use crate::{
    Outcome, databases,
    load::{self, Measured},
};

const METADATA: &str =
    r#"{"tenant":"org_0123456789abcdefghij","actor":"user_0123456789abcdefghij"}"#;

/// On PostgreSQL, with as many connections as callers, at most 32. Positions are drawn from a
/// sequence.
pub async fn postgres(callers: usize, seconds: f64) -> Outcome<Measured> {
    let database = databases::Postgres::create("plain").await?;
    let pool = database.pool(u32::try_from(callers.min(32))?).await?;
    pool.execute(
        "CREATE TABLE events (position bigserial PRIMARY KEY, aggregate_type text NOT NULL, \
         aggregate_id text NOT NULL, sequence bigint NOT NULL, event_id uuid NOT NULL, \
         event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, \
         metadata json NOT NULL, recorded_at timestamptz NOT NULL, \
         UNIQUE (aggregate_type, aggregate_id, sequence))",
    )
    .await?;
    let ids = Arc::new(RandomIds::new(Arc::new(SystemClock)));
    let inserts = pool.clone();
    let measured = load::run(callers, seconds, move |_, _| {
        let (pool, ids) = (inserts.clone(), ids.clone());
        async move {
            sqlx::query(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_id, \
                 event_type, event_version, payload, metadata, recorded_at) VALUES \
                 ('car', $1, 1, $2, 'created', '1', $3::text::json, $4::text::json, $5)",
            )
            .bind(ids.token().with_prefix("car"))
            .bind(ids.event_id())
            .bind(PAYLOAD)
            .bind(METADATA)
            .bind(SystemClock.now().get())
            .execute(&pool)
            .await?;
            Ok(())
        }
    })
    .await?;
    pool.close().await;
    database.drop().await?;
    Ok(measured)
}

/// On SQLite, whose writers take turns anyway, with one connection.
pub async fn sqlite(callers: usize, seconds: f64) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let pool = databases::sqlite(&folder.path().join("plain.db"), 1, false).await?;
    migrate_sqlite(&pool, Store::Log).await?;
    let ids = Arc::new(RandomIds::new(Arc::new(SystemClock)));
    let inserts = pool.clone();
    let measured = load::run(callers, seconds, move |_, _| {
        let (pool, ids) = (inserts.clone(), ids.clone());
        async move {
            sqlx::query(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_id, \
                 event_type, event_version, payload, metadata, recorded_at) VALUES \
                 ('car', $1, 1, $2, 'created', '1', $3, $4, $5)",
            )
            .bind(ids.token().with_prefix("car"))
            .bind(ids.event_id().to_string())
            .bind(PAYLOAD)
            .bind(METADATA)
            .bind(SystemClock.now().to_string())
            .execute(&pool)
            .await?;
            Ok(())
        }
    })
    .await?;
    pool.close().await;
    Ok(measured)
}
