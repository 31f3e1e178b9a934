use std::time::Duration;

use futures_util::future::poll_immediate;
use tempfile::TempDir;

use super::*;
use crate::{
    db::{Db, Durability},
    migrations::{Store, migrate_sqlite},
};

const NOW: Timestamp = Timestamp::MIN;

async fn engine() -> (SqliteEngine, SqlitePool, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder).await;
    migrate_sqlite(&writer, Store::Log).await.unwrap();
    (SqliteEngine::new(writer.clone()), writer, folder)
}

async fn writer(folder: &TempDir) -> SqlitePool {
    let db = Db::sqlite(&folder.path().join("log.db"), Durability::Full).await.unwrap();
    let Db::Sqlite { writer, .. } = db else { panic!("it is SQLite") };
    writer
}

fn nothing() -> Questions<'static> {
    Questions::about([].iter(), NOW)
}

/// Whoever shares the connection can write, and what it writes stays.
async fn others_write(writer: &SqlitePool) {
    let write = "INSERT INTO claims (scope, kind, value, aggregate_type, aggregate_id) \
         VALUES ('', 'kind', 'value', 'thing', 'a')";
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(write).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let all: i64 =
        sqlx::query_scalar("SELECT count(*) FROM claims").fetch_one(writer).await.unwrap();
    assert_eq!(all, 1);
}

#[tokio::test]
async fn what_an_engine_had_begun_ends_with_it() {
    let (mut engine, writer, _folder) = engine().await;
    engine.begin().await.unwrap();
    engine.facts(&nothing()).await.unwrap();
    drop(engine);
    others_write(&writer).await;
}

#[tokio::test]
async fn what_is_abandoned_leaves_nothing_behind() {
    let (mut engine, writer, _folder) = engine().await;
    engine.begin().await.unwrap();
    engine.facts(&nothing()).await.unwrap();
    engine.abandon().await;
    others_write(&writer).await;
    engine.begin().await.unwrap();
    engine.abandon().await;
    assert_eq!(writer.size(), 1);
}

#[tokio::test]
async fn a_step_that_nobody_waits_for_is_rolled_back() {
    let (mut engine, writer, folder) = engine().await;
    engine.begin().await.unwrap();
    let other = self::writer(&folder).await;
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(poll_immediate(engine.facts(&nothing())).await.is_none(), "it waits for the other");
    held.rollback().await.unwrap();
    let begun = tokio::time::timeout(Duration::from_secs(5), engine.begin()).await;
    begun.unwrap().unwrap();
    engine.facts(&nothing()).await.unwrap();
    engine.abandon().await;
    others_write(&writer).await;
}
