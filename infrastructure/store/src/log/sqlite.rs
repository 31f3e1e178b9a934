//! The log on SQLite.

mod engine;
mod errors;
mod following;
mod rows;

use std::sync::Arc;

use application::ports::{
    Append, AppendError, Appended, ClaimRef, Clock, EventLog, Lead, LogError, Recorded, Snapshot,
    StoredAnswer, StreamId, Touched, Trail,
};
use async_trait::async_trait;
use sqlx::{Row as _, Sqlite, SqlitePool};
use tokio::sync::watch;

use self::{engine::SqliteEngine, errors::unreadable};
use super::{
    appender::{Appender, Head, LogSettings},
    dense, leads,
    shared::{
        ANSWERED, CHECKPOINT, HEAD, KEEP_ANSWER, KEEP_SNAPSHOT, LOAD, OWNER, READ, SNAPSHOT,
        TOUCHED, signed,
    },
    verify,
};
use crate::db::Reader;

/// The event log in a file. One process has it open.
pub struct SqliteLog {
    writer: SqlitePool,
    reader: Reader<Sqlite>,
    clock: Arc<dyn Clock>,
    appender: Appender,
    head: Arc<Head>,
}

impl SqliteLog {
    /// Opens a log whose schema is in place. `writer` is a pool of one connection, in WAL mode and
    /// with `synchronous = FULL`: the appender shares it with what is kept beside events.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read, or its end has holes.
    pub async fn open(
        writer: SqlitePool,
        reader: Reader<Sqlite>,
        clock: Arc<dyn Clock>,
        settings: LogSettings,
    ) -> Result<Self, LogError> {
        let tail = sqlx::query(verify::TAIL).fetch_one(&writer).await.map_err(unreadable)?;
        let position = verify::tail(
            tail.try_get(0).map_err(unreadable)?,
            tail.try_get(1).map_err(unreadable)?,
            tail.try_get(2).map_err(unreadable)?,
        )?;
        let head = Arc::new(Head::new(position));
        let engine = SqliteEngine::new(writer.clone());
        let appender = Appender::start(engine, clock.clone(), head.clone(), &settings);
        Ok(Self { writer, reader, clock, appender, head })
    }

    /// Takes no more appends, and returns when those that wait are answered.
    pub async fn close(&self) {
        self.appender.close().await;
    }

    /// What violates the rules of the log; empty if nothing does. Reads the whole log.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    pub async fn verify(&self) -> Result<Vec<String>, LogError> {
        let mut violations = vec![];
        for check in verify::CHECKS {
            let found = self.reader.all(sqlx::query(check)).await.map_err(unreadable)?;
            let found = found.iter().map(|row| row.try_get(0));
            violations.extend(found.collect::<Result<Vec<String>, _>>().map_err(unreadable)?);
        }
        Ok(violations)
    }

    /// Empties the log and appends `log_reset` at the next position.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be written.
    #[cfg(feature = "testing-only")]
    pub async fn reset(&self) -> Result<(), LogError> {
        let position = engine::reset(&self.writer, self.clock.now()).await.map_err(unreadable)?;
        self.head.advance(position);
        Ok(())
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.appender.append(append).await
    }

    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        let query = sqlx::query(LOAD).bind(&*stream.kind).bind(&stream.id).bind(signed(after));
        let rows = self.reader.all(query).await.map_err(unreadable)?;
        let events = rows.iter().map(|row| rows::event(row, Some(stream)));
        dense::stream(after, events.collect::<Result<_, _>>().map_err(unreadable)?)
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let limit = limit.min(dense::MAX_PAGE);
        let query = sqlx::query(READ).bind(signed(after)).bind(signed(limit as u64));
        let rows = self.reader.all(query).await.map_err(unreadable)?;
        let events = rows.iter().map(|row| rows::event(row, None));
        dense::page(after, events.collect::<Result<_, _>>().map_err(unreadable)?)
    }

    async fn touched(
        &self,
        after: u64,
        through: u64,
        names: &[&str],
    ) -> Result<Vec<Touched>, LogError> {
        let touched = TOUCHED.replace("NAMES", "SELECT value FROM json_each($3)");
        let query = sqlx::query(&touched)
            .bind(signed(after))
            .bind(signed(through))
            .bind(serde_json::json!(names).to_string());
        let rows = self.reader.all(query).await.map_err(unreadable)?;
        rows.iter().map(rows::touched).collect::<Result<_, _>>().map_err(unreadable)
    }

    async fn head(&self) -> Result<u64, LogError> {
        let head = self.reader.first(sqlx::query(HEAD)).await.map_err(unreadable)?;
        head.map_or(Ok(0), |row| rows::number(&row)).map_err(unreadable)
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.head.watch()
    }

    async fn owner(&self, claim: &ClaimRef) -> Result<Option<StreamId>, LogError> {
        let query = sqlx::query(OWNER).bind(&claim.scope).bind(&*claim.kind).bind(&claim.value);
        let owner = self.reader.first(query).await.map_err(unreadable)?;
        owner.map(|row| rows::owner(&row)).transpose().map_err(unreadable)
    }

    async fn follow(&self, lead: &Lead<'_>) -> Result<Vec<Trail>, LogError> {
        let query = sqlx::query(&following::FOLLOW_AT_ONCE)
            .bind(&lead.claim.scope)
            .bind(&*lead.claim.kind)
            .bind(&lead.claim.value)
            .bind(i64::from(lead.state_version))
            .bind(lead.kind)
            .bind(lead.member)
            .bind(i64::from(lead.kind_version));
        let row =
            self.reader.first(query).await.and_then(|row| row.ok_or(sqlx::Error::RowNotFound));
        let steps = row.and_then(|row| following::steps(row.try_get(0)?)).map_err(unreadable)?;
        leads::trails(steps, lead)
    }

    async fn checkpoint(&self, consumer: &str, part: u16) -> Result<Option<u64>, LogError> {
        let query = sqlx::query(CHECKPOINT).bind(consumer).bind(i64::from(part));
        let position = self.reader.first(query).await.map_err(unreadable)?;
        position.map(|row| rows::number(&row)).transpose().map_err(unreadable)
    }

    async fn answered(&self, scope: &str, key: &str) -> Result<Option<StoredAnswer>, LogError> {
        let query = sqlx::query(ANSWERED).bind(scope).bind(key).bind(self.clock.now().to_string());
        let row = self.reader.first(query).await.map_err(unreadable)?;
        row.map(|row| rows::answer(&row, 0)).transpose().map_err(unreadable)
    }

    async fn keep_answer(&self, scope: &str, key: &str, response: Vec<u8>) -> Result<(), LogError> {
        let update = sqlx::query(KEEP_ANSWER).bind(scope).bind(key).bind(response);
        update.execute(&self.writer).await.map_err(unreadable)?;
        Ok(())
    }

    async fn snapshot(
        &self,
        stream: &StreamId,
        state_version: u32,
    ) -> Result<Option<Snapshot>, LogError> {
        let query = sqlx::query(SNAPSHOT)
            .bind(&*stream.kind)
            .bind(&stream.id)
            .bind(i64::from(state_version));
        let row = self.reader.first(query).await.map_err(unreadable)?;
        let snapshot = |row| rows::snapshot(&row, state_version);
        row.map(snapshot).transpose().map_err(unreadable)
    }

    async fn keep_snapshot(&self, stream: &StreamId, snapshot: Snapshot) -> Result<(), LogError> {
        let insert = sqlx::query(KEEP_SNAPSHOT)
            .bind(&*stream.kind)
            .bind(&stream.id)
            .bind(i64::from(snapshot.state_version))
            .bind(signed(snapshot.sequence))
            .bind(snapshot.state);
        insert.execute(&self.writer).await.map_err(unreadable)?;
        Ok(())
    }
}
