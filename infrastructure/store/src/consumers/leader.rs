//! Who works on what: the processes of a deployment share the parts of the log among themselves.
//!
//! On PostgreSQL each right to work is an advisory lock of one session per process and trade, which
//! ends with its connection, however the process ends. Another lock, which all of them share,
//! tells how many there are.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};

use crate::db::{Db, DbError};

/// How often holders make sure that they still hold, and others try to get, their rights.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How long an answer may take until the connection counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);

const MEMBER: i32 = 0;
const KEEPER: i32 = 1;
/// The lock of the first part.
const FIRST_PART: i32 = 2;

const ENTER: &str = "SELECT pg_advisory_lock_shared($1, $2)";
const TAKE: &str = "SELECT pg_try_advisory_lock($1, $2)";
const GIVE: &str = "SELECT pg_advisory_unlock($1, $2)";
const MEMBERS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND classid::int8 = $1 AND objid = 0 AND objsubid = 2";

/// What the processes share among themselves. The number is the first half of each lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trade {
    /// "proj" in ASCII.
    Projections = 0x7072_6f6a,
    /// "reac" in ASCII.
    Reactions = 0x7265_6163,
}

/// This process among those of its trade.
pub(super) struct Crew {
    /// `None` on SQLite, where one process has the data folder for itself.
    session: Option<Box<PgConnection>>,
    trade: Trade,
}

impl Crew {
    /// Joins the others.
    pub async fn join(db: &Db, trade: Trade) -> Result<Self, DbError> {
        let session = match db {
            Db::Sqlite { .. } => None,
            Db::Postgres { pool, .. } => Some(Box::new(in_time(enter(pool, trade)).await?)),
        };
        Ok(Self { session, trade })
    }

    /// How many of so many parts this process should have.
    pub async fn share(&mut self, parts: u16) -> Result<u16, DbError> {
        let Some(session) = &mut self.session else { return Ok(parts) };
        let count = sqlx::query_scalar::<_, i64>(MEMBERS)
            .bind(i64::from(self.trade as i32))
            .fetch_one(&mut **session);
        let members = in_time(count).await?;
        let members = u16::try_from(members.max(1)).unwrap_or(u16::MAX);
        Ok(parts.div_ceil(members))
    }

    /// Takes what only one process does for all parts; `false` if another has it.
    pub async fn take_keeping(&mut self) -> Result<bool, DbError> {
        self.take(KEEPER).await
    }

    /// Takes a part; `false` if another process has it.
    pub async fn take_part(&mut self, part: u16) -> Result<bool, DbError> {
        self.take(FIRST_PART + i32::from(part)).await
    }

    /// Gives a part to whoever wants it.
    pub async fn give_part(&mut self, part: u16) -> Result<(), DbError> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let give = sqlx::query(GIVE)
            .bind(self.trade as i32)
            .bind(FIRST_PART + i32::from(part))
            .execute(&mut **session);
        in_time(give).await?;
        Ok(())
    }

    /// Gives everything up at once.
    pub async fn leave(self) {
        if let Some(session) = self.session
            && let Err(error) = session.close().await
        {
            tracing::debug!(%error, "the connection that held the rights was lost already");
        }
    }

    async fn take(&mut self, lock: i32) -> Result<bool, DbError> {
        let Some(session) = &mut self.session else { return Ok(true) };
        let take =
            sqlx::query_scalar(TAKE).bind(self.trade as i32).bind(lock).fetch_one(&mut **session);
        in_time(take).await
    }
}

async fn enter(pool: &PgPool, trade: Trade) -> Result<PgConnection, sqlx::Error> {
    // Not one of the pool: the pool must not lend it to anybody, or close it.
    // A holder whose machine is gone must not keep the lock until the server gives up on it, which
    // takes hours by default.
    let alive = [
        ("tcp_keepalives_idle", "2"),
        ("tcp_keepalives_interval", "1"),
        ("tcp_keepalives_count", "3"),
    ];
    let options = pool.connect_options().as_ref().clone().options(alive);
    let mut session = PgConnection::connect_with(&options).await?;
    sqlx::query(ENTER).bind(trade as i32).bind(MEMBER).execute(&mut session).await?;
    Ok(session)
}

async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DbError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DbError::Unavailable(sqlx::Error::PoolTimedOut)),
    }
}
