//! The schemas of the stores, and how databases get to them.
//!
//! The files are in `migrations/{postgres,sqlite}`, named `NNNN_<store>_<what>.sql`, and compiled
//! in. On PostgreSQL one database may hold several stores; on SQLite each store is a file.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use sqlx::{
    Connection, PgPool, SqlitePool,
    error::BoxDynError,
    migrate::{AppliedMigration, Migrate, MigrateError, Migration, MigrationSource, Migrator},
};

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// What is kept together: in one file on SQLite, in one database on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Events, claims, reactions' checkpoints.
    Log,
    /// Read models and their checkpoints.
    Read,
    /// Keys of sealed fields and of signatures.
    Keys,
}

impl Store {
    /// As in the names of the migrations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Read => "read",
            Self::Keys => "keys",
        }
    }
}

/// Why a schema is not the one that this binary needs.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database is older than this binary.
    #[error("the database lacks the migrations {}: run `groundwork ops migrate`", .0.join(", "))]
    Pending(Vec<String>),
    /// The database is newer than this binary, or another product's.
    #[error("the database has migrations that this version does not know: {}", list(.0))]
    Unknown(Vec<i64>),
    /// A migration was edited after it had been applied.
    #[error("migration {0} was applied with another content")]
    Changed(String),
    /// The database can't be reached or refuses.
    #[error("the schema could not be read or changed: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed; what it began was rolled back.
    #[error(transparent)]
    Migration(MigrateError),
}

impl From<MigrateError> for SchemaError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Unknown(vec![version]),
            MigrateError::VersionMismatch(version) => Self::Changed(version.to_string()),
            other => Self::Migration(other),
        }
    }
}

fn list(versions: &[i64]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Brings the stores of a PostgreSQL database to this binary's schema. Any number of processes may
/// do so at once; the others wait. `stores` are all that the database holds.
///
/// # Errors
/// [`SchemaError`] if the database has unknown or edited migrations, or one fails.
pub async fn migrate_postgres(pool: &PgPool, stores: &[Store]) -> Result<(), SchemaError> {
    // A connection of its own: a failed run would leave its session-level lock in the pool.
    let mut connection = pool.acquire().await?.detach();
    let migrator = Migrator::new(Files::of(POSTGRES, stores)).await?;
    let outcome = migrator.run_direct(&mut connection).await;
    connection.close().await?;
    Ok(outcome?)
}

/// Brings one store's SQLite file to this binary's schema.
///
/// # Errors
/// [`SchemaError`] if the file has unknown or edited migrations, or one fails.
pub async fn migrate_sqlite(pool: &SqlitePool, store: Store) -> Result<(), SchemaError> {
    let migrator = Migrator::new(Files::of(SQLITE, &[store])).await?;
    let mut connection = pool.acquire().await?;
    Ok(migrator.run_direct(&mut *connection).await?)
}

/// Whether a PostgreSQL database has exactly this binary's schema; changes nothing.
///
/// # Errors
/// [`SchemaError`] says in a sentence what differs.
pub async fn check_postgres(pool: &PgPool, stores: &[Store]) -> Result<(), SchemaError> {
    let mut connection = pool.acquire().await?;
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    let applied = if exists { connection.list_applied_migrations().await? } else { vec![] };
    compare(&Files::of(POSTGRES, stores).migrations(), applied)
}

/// Whether a SQLite file has exactly this binary's schema; changes nothing.
///
/// # Errors
/// [`SchemaError`] says in a sentence what differs.
pub async fn check_sqlite(pool: &SqlitePool, store: Store) -> Result<(), SchemaError> {
    let mut connection = pool.acquire().await?;
    let exists: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let applied = if exists { connection.list_applied_migrations().await? } else { vec![] };
    compare(&Files::of(SQLITE, &[store]).migrations(), applied)
}

fn compare(ours: &[Migration], applied: Vec<AppliedMigration>) -> Result<(), SchemaError> {
    let mut applied: BTreeMap<i64, _> =
        applied.into_iter().map(|one| (one.version, one.checksum)).collect();
    let mut pending = vec![];
    for migration in ours {
        match applied.remove(&migration.version) {
            None => pending.push(format!("{:04} {}", migration.version, migration.description)),
            Some(checksum) if checksum != migration.checksum => {
                return Err(SchemaError::Changed(migration.description.to_string()));
            }
            Some(_) => {}
        }
    }
    if !applied.is_empty() {
        return Err(SchemaError::Unknown(applied.into_keys().collect()));
    }
    if pending.is_empty() { Ok(()) } else { Err(SchemaError::Pending(pending)) }
}

/// The migrations of some stores of one engine.
#[derive(Debug)]
struct Files(Vec<(&'static str, &'static str)>);

impl Files {
    fn of(engine: &[(&'static str, &'static str)], stores: &[Store]) -> Self {
        let wanted = |file: &str| {
            let store = file.split('_').nth(1);
            stores.iter().any(|wanted| Some(wanted.name()) == store)
        };
        Self(engine.iter().copied().filter(|(file, _)| wanted(file)).collect())
    }

    fn migrations(&self) -> Vec<Migration> {
        let migration = |(file, sql): &(&'static str, &'static str)| {
            let (version, what) = file.split_once('_')?;
            let kind = sqlx::migrate::MigrationType::Simple;
            Some(Migration::new(version.parse().ok()?, what.into(), kind, (*sql).into(), false))
        };
        self.0.iter().filter_map(migration).collect()
    }
}

impl MigrationSource<'static> for Files {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        Box::pin(async move { Ok(self.migrations()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_belongs_to_a_store_and_has_its_own_number() {
        for engine in [POSTGRES, SQLITE] {
            let all = Files::of(engine, &[Store::Log, Store::Read, Store::Keys]).migrations();
            assert_eq!(all.len(), engine.len(), "a file is named unlike NNNN_<store>_<what>.sql");
            assert!(all.windows(2).all(|pair| pair[0].version < pair[1].version));
        }
        let names =
            |files: &[(&'static str, _)]| files.iter().map(|file| file.0).collect::<Vec<_>>();
        assert_eq!(names(POSTGRES), names(SQLITE));
    }

    #[tokio::test]
    async fn a_file_that_is_behind_or_ahead_is_refused_with_a_sentence() {
        let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
        let error = check_sqlite(&pool, Store::Log).await.unwrap_err();
        assert!(error.to_string().contains("0001 log_events"), "{error}");
        migrate_sqlite(&pool, Store::Log).await.unwrap();
        migrate_sqlite(&pool, Store::Log).await.unwrap();
        check_sqlite(&pool, Store::Log).await.unwrap();
        let ahead = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                     execution_time) VALUES (9999, 'later', 1, x'00', 0)";
        sqlx::query(ahead).execute(&pool).await.unwrap();
        let error = check_sqlite(&pool, Store::Log).await.unwrap_err();
        assert!(error.to_string().contains("9999"), "{error}");
        assert!(matches!(migrate_sqlite(&pool, Store::Log).await, Err(SchemaError::Unknown(_))));
    }
}
