//! The event log of whichever engine the deployment runs on.

use std::sync::Arc;

use application::ports::{Clock, EventLog, LogError};
use store::{
    db::Db,
    log::{LogSettings, PgLog, SqliteLog},
};

use crate::cli::Stop;

/// One of the two logs. Cheap to clone.
#[derive(Clone)]
pub enum Log {
    /// On PostgreSQL.
    Postgres(Arc<PgLog>),
    /// On SQLite.
    Sqlite(Arc<SqliteLog>),
}

impl Log {
    /// Opens the log of a database and starts its appender.
    ///
    /// # Errors
    /// A sentence, if it can't be read or its end has holes.
    pub async fn open(db: &Db, clock: Arc<dyn Clock>) -> Result<Self, Stop> {
        let settings = LogSettings::default();
        let opened = match db {
            Db::Postgres { pool, reader } => {
                PgLog::open(pool.clone(), reader.clone(), clock, settings)
                    .await
                    .map(|log| Self::Postgres(Arc::new(log)))
            }
            Db::Sqlite { writer, reader } => {
                SqliteLog::open(writer.clone(), reader.clone(), clock, settings)
                    .await
                    .map(|log| Self::Sqlite(Arc::new(log)))
            }
        };
        opened.map_err(|error| Stop::because("The event log can't be used", error))
    }
    /// As use cases see it.
    #[must_use]
    pub fn port(&self) -> Arc<dyn EventLog> {
        match self {
            Self::Postgres(log) => log.clone(),
            Self::Sqlite(log) => log.clone(),
        }
    }
    /// Answers what waits, and takes no more.
    pub async fn close(&self) {
        match self {
            Self::Postgres(log) => log.close().await,
            Self::Sqlite(log) => log.close().await,
        }
    }
    /// What violates the rules of the log. Reads all of it.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn verify(&self) -> Result<Vec<String>, LogError> {
        match self {
            Self::Postgres(log) => log.verify().await,
            Self::Sqlite(log) => log.verify().await,
        }
    }
    /// Empties it; positions go on.
    ///
    /// # Errors
    /// If it can't be written.
    #[cfg(feature = "testing-only")]
    pub async fn reset(&self) -> Result<(), LogError> {
        match self {
            Self::Postgres(log) => log.reset().await,
            Self::Sqlite(log) => log.reset().await,
        }
    }
}
