//! The event log past the product: what a database administrator would see and could break.

use std::path::{Path, PathBuf};

use sqlx::{
    Connection, Database, FromRow, PgConnection, Postgres, Sqlite, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

/// Where a log is.
#[derive(Clone, Debug)]
pub enum Log {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(String),
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Row {
    /// Global.
    pub position: i64,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// Within the stream.
    pub sequence: i64,
    /// The event's name.
    pub event_type: String,
}

const ROWS: &str =
    "SELECT position, aggregate_type, aggregate_id, sequence, event_type FROM events";
const LETTERS: &str = "SELECT consumer, position FROM dead_letters ORDER BY position";

impl Log {
    /// The log of a host that keeps its data in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::Sqlite(folder.join("log.db"))
    }

    /// Every row, in order of position.
    pub async fn rows(&self) -> Vec<Row> {
        self.all(&format!("{ROWS} ORDER BY position")).await
    }

    /// The rows behind those that were read before, in order of position. A log that can't be read
    /// is no panic.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn try_rows_behind(&self, before: &[Row]) -> sqlx::Result<Vec<Row>> {
        let after = before.last().map_or(0, |row| row.position);
        self.try_all(&format!("{ROWS} WHERE position > {after} ORDER BY position")).await
    }

    /// Consumer and position of every event that was given up on.
    pub async fn dead_letters(&self) -> Vec<(String, i64)> {
        self.all(LETTERS).await
    }

    /// Loses every kept answer, as a kill between commit and keeping does.
    pub async fn forget_answers(&self) {
        self.execute("UPDATE idempotency_keys SET response = NULL").await;
    }

    /// Puts an event where no host would: past the appender, at the end of the log.
    pub async fn forge(&self, id: &str, sequence: u64, name: &str, payload: &str) {
        let event_id = "00000000-0000-7000-8000-000000000000";
        let (json, now) = match self {
            Self::Sqlite(_) => ("", "'2026-01-01T00:00:00.000000Z'"),
            Self::Postgres(_) => ("::json", "now()"),
        };
        let uuid = if json.is_empty() { "" } else { "::uuid" };
        self.execute(&format!(
            "INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_id, \
             event_type, event_version, payload, metadata, recorded_at) \
             SELECT COALESCE(MAX(position), 0) + 1, 'car', '{id}', {sequence}, \
             '{event_id}'{uuid}, '{name}', '1', '{payload}'{json}, '{{}}'{json}, {now} FROM events"
        ))
        .await;
    }

    async fn all<T>(&self, statement: &str) -> Vec<T>
    where
        T: Send + Unpin,
        T: for<'r> FromRow<'r, <Sqlite as Database>::Row>,
        T: for<'r> FromRow<'r, <Postgres as Database>::Row>,
    {
        self.try_all(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// What a statement finds.
    ///
    /// # Errors
    /// If the database refuses it.
    pub async fn try_all<T>(&self, statement: &str) -> sqlx::Result<Vec<T>>
    where
        T: Send + Unpin,
        T: for<'r> FromRow<'r, <Sqlite as Database>::Row>,
        T: for<'r> FromRow<'r, <Postgres as Database>::Row>,
    {
        match self {
            Self::Sqlite(path) => {
                let mut connection = sqlite(path).await?;
                sqlx::query_as(statement).fetch_all(&mut connection).await
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::query_as(statement).fetch_all(&mut connection).await
            }
        }
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// If the database refuses it.
    pub async fn try_execute(&self, statement: &str) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(path) => {
                sqlx::raw_sql(statement).execute(&mut sqlite(path).await?).await.map(drop)
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(statement).execute(&mut connection).await.map(drop)
            }
        }
    }

    async fn execute(&self, statement: &str) {
        let done = self.try_execute(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

async fn sqlite(path: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await
}
