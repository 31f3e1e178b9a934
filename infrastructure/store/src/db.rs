//! One database, two engines: everything above this file is written once for both.

mod convert;
mod error;
mod reader;
mod row;
mod value;

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use error::DbError;
pub use reader::Reader;
pub use row::Row;
pub use value::{Kind, Value};

/// How long a writer of SQLite waits for another process.
const BUSY: Duration = Duration::from_secs(5);
/// Rows that SQLite may be ahead of its reader: fewer mean more switching between two threads.
const ROWS: usize = 1_024;
/// Connections of SQLite that only read.
const READERS: u32 = 4;

/// How PostgreSQL is reached.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// Connections at most.
    pub connections: u32,
    /// How long a caller waits for one until it gets [`DbError::Unavailable`].
    pub wait: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { connections: 16, wait: Duration::from_secs(3) }
    }
}

/// What a lost power supply may take from SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Full,
    /// The last commits: for what can be made again from the log.
    Rebuildable,
}

/// A database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// PostgreSQL.
    Postgres {
        /// All connections.
        pool: PgPool,
        /// Those of them that read.
        reader: Reader<Postgres>,
    },
    /// SQLite.
    Sqlite {
        /// The one connection that writes.
        writer: SqlitePool,
        /// Connections that can only read.
        reader: Reader<Sqlite>,
    },
}

/// A transaction; rolled back when dropped.
#[derive(Debug)]
pub enum Tx {
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
    /// On SQLite, begun with the intent to write.
    Sqlite(Transaction<'static, Sqlite>),
}

impl Db {
    /// PostgreSQL. Does not connect yet, so that a host starts while its database is away.
    ///
    /// # Errors
    /// [`DbError::Unexpected`] if the URL is malformed.
    pub fn postgres(url: &str, settings: PoolSettings) -> Result<Self, DbError> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections)
            .acquire_timeout(settings.wait)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > reader::UNTRIED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Ok(Self::over(pool))
    }

    /// PostgreSQL, over connections that are there. At least one, and a quarter of them, is left to
    /// those who write; a pool of a single connection can only read.
    #[must_use]
    pub fn over(pool: PgPool) -> Self {
        let most = pool.options().get_max_connections();
        Self::Postgres {
            reader: Reader::new(pool.clone(), most.saturating_sub((most / 4).max(1))),
            pool,
        }
    }

    /// A file of SQLite, made if it is missing.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if the file can't be opened.
    pub async fn sqlite(path: &Path, durability: Durability) -> Result<Self, DbError> {
        let synchronous = match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Rebuildable => SqliteSynchronous::Normal,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(BUSY)
            .row_buffer_size(ROWS)
            .foreign_keys(true);
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(BUSY)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        // Who gives up between BEGIN and holding the transaction leaves it open behind. It has begun
        // by now, if it ever does: the pool waits for that before it takes a connection back.
        let clean = pool(1).before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        });
        let writer = clean.connect_with(options.clone()).await?;
        let reader = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self::Sqlite { writer, reader: Reader::new(reader, READERS) })
    }

    /// All rows of a query that only reads.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn fetch(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        match self {
            Self::Postgres { reader, .. } => {
                let rows = reader.all(convert::postgres(sql, values)?).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Self::Sqlite { reader, .. } => {
                let rows = reader.all(convert::sqlite(sql, values)?).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    /// The first row of a query that only reads.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn fetch_one(&self, sql: &str, values: &[Value]) -> Result<Option<Row>, DbError> {
        match self {
            Self::Postgres { reader, .. } => {
                Ok(reader.first(convert::postgres(sql, values)?).await?.map(Row::Postgres))
            }
            Self::Sqlite { reader, .. } => {
                Ok(reader.first(convert::sqlite(sql, values)?).await?.map(Row::Sqlite))
            }
        }
    }

    /// Runs one statement by itself and tells how many rows it changed.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, DbError> {
        match self {
            Self::Postgres { pool, .. } => {
                Ok(convert::postgres(sql, values)?.execute(pool).await?.rows_affected())
            }
            Self::Sqlite { writer, .. } => {
                Ok(convert::sqlite(sql, values)?.execute(writer).await?.rows_affected())
            }
        }
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Postgres { pool, .. } => Tx::Postgres(pool.begin().await?),
            // A transaction that reads first and writes later would fail at once when another
            // process wrote in between, whatever the busy timeout is.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
        })
    }

    /// Asks the engine whether it takes a statement, without running it.
    ///
    /// # Errors
    /// [`DbError`], with what the engine has against it.
    pub async fn prepare(&self, sql: &str) -> Result<(), DbError> {
        match self {
            Self::Postgres { pool, .. } => drop(sqlx::Executor::prepare(pool, sql).await?),
            Self::Sqlite { writer, .. } => drop(sqlx::Executor::prepare(writer, sql).await?),
        }
        Ok(())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Postgres { reader, .. } => reader.close().await,
            Self::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
        }
    }
}

impl Tx {
    /// All rows of a query.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn fetch(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        match self {
            Self::Postgres(tx) => {
                let rows = convert::postgres(sql, values)?.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Self::Sqlite(tx) => {
                let rows = convert::sqlite(sql, values)?.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    /// The first row of a query.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn fetch_one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, DbError> {
        match self {
            Self::Postgres(tx) => {
                let row = convert::postgres(sql, values)?.fetch_optional(&mut **tx).await?;
                Ok(row.map(Row::Postgres))
            }
            Self::Sqlite(tx) => {
                let row = convert::sqlite(sql, values)?.fetch_optional(&mut **tx).await?;
                Ok(row.map(Row::Sqlite))
            }
        }
    }

    /// Runs one statement and tells how many rows it changed.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DbError> {
        match self {
            Self::Postgres(tx) => {
                Ok(convert::postgres(sql, values)?.execute(&mut **tx).await?.rows_affected())
            }
            Self::Sqlite(tx) => {
                Ok(convert::sqlite(sql, values)?.execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Makes everything of this transaction last.
    ///
    /// # Errors
    /// [`DbError`]; whether it lasts is unknown then.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Postgres(tx) => tx.commit().await?,
            Self::Sqlite(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
