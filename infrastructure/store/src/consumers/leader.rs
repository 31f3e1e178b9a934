//! At most one engine works on a PostgreSQL database; the others stand by.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};

use crate::db::{Db, DbError};

/// Names the lock among all advisory locks of a database: "consumer" in ASCII.
const LOCK: i64 = 0x636f_6e73_756d_6572;
/// How often the holder makes sure that it still holds it, and others try to get it.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How long an answer may take until the connection counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);

/// The right to work: a lock of a database session, which ends with its connection, or nothing on
/// SQLite, where one process has the data folder for itself.
pub(super) enum Lead {
    Session(Box<PgConnection>),
    Alone,
}

impl Lead {
    /// Takes the lead; `None` if another process has it.
    pub async fn take(db: &Db) -> Result<Option<Self>, DbError> {
        match db {
            Db::Sqlite { .. } => Ok(Some(Self::Alone)),
            Db::Postgres(pool) => {
                let attempt = tokio::time::timeout(PATIENCE, lock(pool)).await;
                Ok(attempt.map_err(|_| late())??.map(|held| Self::Session(Box::new(held))))
            }
        }
    }

    /// Returns when the lead is lost.
    pub async fn lost(&mut self) -> DbError {
        let connection = match self {
            Self::Alone => return std::future::pending().await,
            Self::Session(connection) => connection,
        };
        loop {
            tokio::time::sleep(BEAT).await;
            match tokio::time::timeout(PATIENCE, connection.ping()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(_) => return late(),
            }
        }
    }

    /// Lets another process take over at once.
    pub async fn give_up(self) {
        if let Self::Session(connection) = self
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "the connection that held the lead was lost already");
        }
    }
}

async fn lock(pool: &PgPool) -> Result<Option<PgConnection>, DbError> {
    // Not one of the pool: the pool must not lend it to anybody, or close it.
    // A holder whose machine is gone must not keep the lock until the server gives up on it, which
    // takes hours by default.
    let alive = [
        ("tcp_keepalives_idle", "2"),
        ("tcp_keepalives_interval", "1"),
        ("tcp_keepalives_count", "3"),
    ];
    let options = pool.connect_options().as_ref().clone().options(alive);
    let mut connection = PgConnection::connect_with(&options).await?;
    let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await?;
    if held {
        return Ok(Some(connection));
    }
    connection.close().await?;
    Ok(None)
}

fn late() -> DbError {
    DbError::Unavailable(sqlx::Error::PoolTimedOut)
}
