//! The log on PostgreSQL.

mod engine;
mod errors;
mod follow;
#[cfg(feature = "testing-only")]
mod reset;
mod rows;
mod statements;

use std::sync::Arc;

use application::ports::{
    Append, AppendError, Appended, ClaimRef, Clock, EventLog, Lead, LogError, Recorded, Snapshot,
    StoredAnswer, StreamId, Touched, Trail,
};
use async_trait::async_trait;
use sqlx::{PgPool, Postgres, Row as _};
use tokio::{sync::watch, task::JoinSet};

use self::{engine::PgEngine, errors::unreadable};
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

/// The channel on which writers announce the new head.
const CHANNEL: &str = "groundwork_log";

/// The event log on PostgreSQL. Any number of processes may have it open; their appenders take
/// turns.
pub struct PgLog {
    pool: PgPool,
    reader: Reader<Postgres>,
    clock: Arc<dyn Clock>,
    appender: Appender,
    head: Arc<Head>,
    /// Stops when it is dropped.
    _follower: JoinSet<()>,
}

impl PgLog {
    /// Opens a log whose schema is in place. Reads go through `reader`, which takes its connections
    /// from `pool`; the appender and the follower of other processes' appends have one each of their
    /// own.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read, or its end has holes.
    pub async fn open(
        pool: PgPool,
        reader: Reader<Postgres>,
        clock: Arc<dyn Clock>,
        settings: LogSettings,
    ) -> Result<Self, LogError> {
        let tail = sqlx::query(verify::TAIL).fetch_one(&pool).await.map_err(unreadable)?;
        let position = verify::tail(
            tail.try_get(0).map_err(unreadable)?,
            tail.try_get(1).map_err(unreadable)?,
            tail.try_get(2).map_err(unreadable)?,
        )?;
        let head = Arc::new(Head::new(position));
        let engine = PgEngine::new(pool.clone(), &settings);
        let appender = Appender::start(engine, clock.clone(), head.clone(), &settings);
        let mut follower = JoinSet::new();
        follower.spawn(follow::follow(pool.clone(), head.clone()));
        Ok(Self { pool, reader, clock, appender, head, _follower: follower })
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
            let found: Vec<String> =
                sqlx::query_scalar(check).fetch_all(&self.pool).await.map_err(unreadable)?;
            violations.extend(found);
        }
        Ok(violations)
    }

    /// Empties the log and appends `log_reset` at the next position.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be written.
    #[cfg(feature = "testing-only")]
    pub async fn reset(&self) -> Result<(), LogError> {
        let position = reset::reset(&self.pool, self.clock.now()).await.map_err(unreadable)?;
        self.head.advance(position);
        Ok(())
    }
}

#[async_trait]
impl EventLog for PgLog {
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
        let touched = TOUCHED.replace("NAMES", "SELECT unnest($3::text[])");
        let query = sqlx::query(&touched).bind(signed(after)).bind(signed(through)).bind(names);
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
        let query = sqlx::query(leads::FOLLOW)
            .bind(&lead.claim.scope)
            .bind(&*lead.claim.kind)
            .bind(&lead.claim.value)
            .bind(i64::from(lead.state_version))
            .bind(lead.kind)
            .bind(lead.member)
            .bind(i64::from(lead.kind_version));
        let rows = self.reader.all(query).await.map_err(unreadable)?;
        let steps = rows.iter().map(rows::step).collect::<Result<_, _>>();
        leads::trails(steps.map_err(unreadable)?, lead)
    }

    async fn checkpoint(&self, consumer: &str, part: u16) -> Result<Option<u64>, LogError> {
        let query = sqlx::query(CHECKPOINT).bind(consumer).bind(i32::from(part));
        let position = self.reader.first(query).await.map_err(unreadable)?;
        position.map(|row| rows::number(&row)).transpose().map_err(unreadable)
    }

    async fn answered(&self, scope: &str, key: &str) -> Result<Option<StoredAnswer>, LogError> {
        let query = sqlx::query(ANSWERED).bind(scope).bind(key).bind(self.clock.now().get());
        let row = self.reader.first(query).await.map_err(unreadable)?;
        row.map(|row| rows::answer(&row)).transpose().map_err(unreadable)
    }

    async fn keep_answer(&self, scope: &str, key: &str, response: Vec<u8>) -> Result<(), LogError> {
        let update = sqlx::query(KEEP_ANSWER).bind(scope).bind(key).bind(response);
        update.execute(&self.pool).await.map_err(unreadable)?;
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
        insert.execute(&self.pool).await.map_err(unreadable)?;
        Ok(())
    }
}
