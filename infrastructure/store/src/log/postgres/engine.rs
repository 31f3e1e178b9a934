//! The transaction of a batch.

use std::time::Duration;

use application::ports::StreamId;
use domain::kernel::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, PgPool, Row as _};
use tokio::time::{sleep, timeout};

use super::{errors::fault, statements};
use crate::log::{
    appender::{Engine, Fault, LogSettings},
    decide::{Facts, Questions, Write},
    shared::PURGE,
};

/// Names the lock that a writer holds through its commit. One number per database is enough: it is
/// "groundwo" in ASCII.
pub(super) const LOCK: i64 = 0x6772_6f75_6e64_776f;
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
        let query = statements::look_up(&streams, all);
        let row = query.fetch_one(self.connection()?).await.map_err(|error| fault(&error))?;
        let mut facts = statements::facts(&row).map_err(|error| fault(&error))?;
        let mut known = facts.versions.into_iter();
        // A stream that is not looked up is taken for new; the unique constraint knows better.
        let version = |asked: &bool| if *asked { known.next() } else { Some(0) };
        facts.versions = asked.iter().map_while(version).collect();
        Ok(facts)
    }

    async fn commit(&mut self, write: &Write<'_>, more: bool) -> Result<(), Fault> {
        let connection = self.connection()?;
        if let Err(error) = statements::write(write).execute(&mut *connection).await {
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_lock_is_the_word_it_claims_to_be() {
        assert_eq!(&super::LOCK.to_be_bytes(), b"groundwo");
    }
}
