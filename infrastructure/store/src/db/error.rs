//! What can go wrong, judged once: away for now, or a fault of ours.

use application::{Error, ports::LogError};
use sqlx::{postgres::PgDatabaseError, sqlite::SqliteError};

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It can't be reached, is overloaded or full: the same may work later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The statement itself is wrong, or what it found can't be.
    #[error("the database refused: {0}")]
    Unexpected(#[source] sqlx::Error),
}

impl DbError {
    /// Whether the same may work later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether a table is missing: so it is while a read model is built for the first time.
    fn lacks_table(&self) -> bool {
        let Self::Unexpected(sqlx::Error::Database(error)) = self else { return false };
        // SQLite has no code of its own for it.
        error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) { Self::Unavailable(error) } else { Self::Unexpected(error) }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        if error.is_outage() || error.lacks_table() {
            tracing::warn!(%error, "a database could not be reached");
            Self::unavailable("the database is unavailable")
        } else {
            Self::unexpected(error)
        }
    }
}

impl From<DbError> for LogError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(why) => Self::Unavailable(why.to_string()),
            DbError::Unexpected(why) => Self::Corrupt(why.to_string()),
        }
    }
}

fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
                postgres_outage(error.code())
            } else if let Some(error) = error.try_downcast_ref::<SqliteError>() {
                sqlite_outage(error)
            } else {
                false
            }
        }
        _ => false,
    }
}

/// Connection lost (08), out of resources (53), shutting down or cancelled (57), deadlock and
/// serialization (40), lock not available (55P03), standby that only reads (25006).
fn postgres_outage(code: &str) -> bool {
    ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class))
        || ["55P03", "25006"].contains(&code)
}

/// Busy (5), locked (6), read-only (8), I/O error (10), full (13), can't open (14); the low byte
/// of an extended code.
fn sqlite_outage(error: &SqliteError) -> bool {
    use sqlx::error::DatabaseError;
    let code = error.code().and_then(|code| code.parse::<i64>().ok()).unwrap_or_default();
    [5, 6, 8, 10, 13, 14].contains(&(code & 0xff))
}
