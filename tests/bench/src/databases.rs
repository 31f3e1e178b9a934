//! Databases that live as long as a measurement.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, Executor, PgConnection, PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::Outcome;

/// A database on the PostgreSQL server.
pub struct Postgres {
    admin: String,
    name: String,
}

/// Where RabbitMQ is.
pub fn broker() -> String {
    #[expect(clippy::disallowed_methods, reason = "there is no host to read it")]
    std::env::var("AMQP_URL").unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".into())
}

impl Postgres {
    /// Makes one.
    pub async fn create(what: &str) -> Outcome<Self> {
        #[expect(clippy::disallowed_methods, reason = "there is no host to read it")]
        let admin = std::env::var("DATABASE_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
        let name = format!("groundwork_bench_{what}_{}", std::process::id());
        let mut connection = PgConnection::connect(&admin).await?;
        connection.execute(format!("DROP DATABASE IF EXISTS {name}").as_str()).await?;
        connection.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        Ok(Self { admin, name })
    }

    /// Where it is.
    pub fn url(&self) -> Outcome<String> {
        let (server, _) = self.admin.rsplit_once('/').ok_or("DATABASE_URL names no database")?;
        Ok(format!("{server}/{}", self.name))
    }

    /// Connections to it.
    pub async fn pool(&self, connections: u32) -> Outcome<PgPool> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_mins(1))
            .test_before_acquire(false)
            .connect(&self.url()?)
            .await?;
        Ok(pool)
    }

    /// Removes it.
    pub async fn drop(self) -> Outcome {
        let mut connection = PgConnection::connect(&self.admin).await?;
        connection.execute(format!("DROP DATABASE {} WITH (FORCE)", self.name).as_str()).await?;
        Ok(())
    }
}

/// Connections to a file that loses nothing that was committed.
pub async fn sqlite(file: &Path, connections: u32, read_only: bool) -> Outcome<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(!read_only)
        .read_only(read_only)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_mins(1));
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_mins(1))
        .test_before_acquire(false);
    Ok(pool.connect_with(options).await?)
}
