//! The transaction of a batch.

use std::time::{Duration, Instant};

use domain::kernel::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool, Row as _};
use tokio::time::{sleep, timeout};

use super::{errors::fault, statements};
use crate::log::{
    appender::LogSettings,
    decide::{Facts, Questions, Write},
    engine::{Engine, Fault},
    shared::{PURGE, unsigned},
};

/// Names the lock that a writer holds through its commit. One number per database is enough: it is
/// "groundwo" in ASCII.
pub(super) const LOCK: i64 = 0x6772_6f75_6e64_776f;
/// A connection that was not used for so long is tried before a batch is trusted to it.
const IDLE: Duration = Duration::from_secs(1);
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
    /// When it was last known to work.
    used: Instant,
    /// Whether a transaction may be open on it, or a statement not answered.
    open: bool,
    connect: Duration,
    setup: String,
    begin: String,
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
        // Read committed: the look-ups must see what was committed while the lock was waited for.
        let begin =
            format!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCK})");
        Self {
            pool,
            connection: None,
            used: Instant::now(),
            open: false,
            connect: settings.lock_wait,
            setup,
            begin,
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

    /// Begins a transaction and takes the log's lock.
    async fn open(&mut self) -> Result<(), Fault> {
        self.open = true;
        if let Some(connection) = &mut self.connection {
            match connection.execute(sqlx::raw_sql(&self.begin)).await {
                Ok(_) => return Ok(()),
                Err(error) if is_lock_timeout(&error) => return Err(fault(&error)),
                // It was lost since the last batch, which wrote nothing yet: on a new one.
                Err(_) => self.connection = None,
            }
        }
        let mut connection = self.connect().await?;
        connection.execute(sqlx::raw_sql(&self.begin)).await.map_err(|error| fault(&error))?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Sees to a connection that works, most likely: what fails on it may have been committed.
    async fn working(&mut self) -> Result<(), Fault> {
        let idle = self.used.elapsed() > IDLE;
        if let Some(connection) = &mut self.connection
            && idle
            && connection.ping().await.is_err()
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(self.connect().await?);
        }
        self.used = Instant::now();
        Ok(())
    }
}

/// The log was held by another session for too long.
fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("55P03")
}

/// Something is there already.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// What it means to lose the database while it commits.
fn uncertain(error: &sqlx::Error) -> Fault {
    match fault(error) {
        Fault::Unavailable(why) => {
            Fault::Unavailable(format!("{why}; the append may have been committed"))
        }
        other => other,
    }
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
    async fn presume(&mut self, write: &Write<'_>) -> Result<Option<u64>, Fault> {
        self.working().await?;
        self.open = true;
        // All rows, not the first: it is sent before the commit, whose outcome is at the end.
        let written = statements::presume(write).fetch_all(self.connection()?).await;
        let rows = match written {
            Ok(rows) => rows,
            Err(error) if is_taken(&error) => vec![],
            Err(error) => return Err(uncertain(&error)),
        };
        self.open = false;
        let head = rows.first().map(|row| row.try_get(0)).transpose();
        Ok(head.map_err(|error| fault(&error))?.map(unsigned))
    }

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
        let query = statements::look_up(all);
        let row = query.fetch_one(self.connection()?).await.map_err(|error| fault(&error))?;
        statements::facts(&row).map_err(|error| fault(&error))
    }

    async fn commit(&mut self, write: &Write<'_>) -> Result<(), Fault> {
        let connection = self.connection()?;
        let write = statements::write(write);
        write.execute(&mut *connection).await.map_err(|error| fault(&error))?;
        let committed = connection.execute(sqlx::raw_sql("COMMIT")).await;
        committed.map_err(|error| uncertain(&error))?;
        self.open = false;
        self.used = Instant::now();
        Ok(())
    }

    async fn abandon(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
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
