//! A log, read models and the engine between them, as a host has them.

use std::{path::PathBuf, sync::Arc, time::Duration};

use adapters::clock::SystemClock;
use application::ports::{EventLog, Feeds, Partition};
use store::{
    consumers::{Engine, LogFeed, Parts, Progress},
    db::{Db, Durability, PoolSettings},
    log::{LogSettings, PgLog, SqliteLog},
    migrations::{Store, migrate_postgres, migrate_sqlite},
};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

use crate::{Outcome, databases};

/// Which database a measurement runs on.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum On {
    /// PostgreSQL, durable commits.
    Postgres,
    /// SQLite, durable commits of the log.
    Sqlite,
}

impl On {
    /// Those that were asked for; both if none was.
    pub fn chosen(only: Option<Self>) -> impl Iterator<Item = Self> {
        [Self::Postgres, Self::Sqlite].into_iter().filter(move |on| only.is_none_or(|o| o == *on))
    }
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

enum Held {
    Database(databases::Postgres),
    Folder(TempDir),
}

/// Databases that go away with [`Site::close`].
pub struct Site {
    pub db: Db,
    pub log_db: Db,
    held: Held,
}

/// An engine that keeps the read models in step.
pub struct Running {
    pub progress: Arc<Progress>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Site {
    /// Empty databases.
    pub async fn open(on: On, what: &str) -> Outcome<Self> {
        match on {
            On::Postgres => {
                let database = databases::Postgres::create(what).await?;
                let settings = PoolSettings { connections: 12, wait: Duration::from_secs(30) };
                let db = Db::postgres(&database.url()?, settings)?;
                if let Db::Postgres { pool, .. } = &db {
                    migrate_postgres(pool, &[Store::Log, Store::Read]).await?;
                }
                Ok(Self { log_db: db.clone(), db, held: Held::Database(database) })
            }
            On::Sqlite => {
                let folder = tempfile::tempdir()?;
                let path = |name| -> PathBuf { folder.path().join(name) };
                let db = Db::sqlite(&path("read.db"), Durability::Rebuildable).await?;
                let log_db = Db::sqlite(&path("log.db"), Durability::Full).await?;
                if let (Db::Sqlite { writer: read, .. }, Db::Sqlite { writer: log, .. }) =
                    (&db, &log_db)
                {
                    migrate_sqlite(read, Store::Read).await?;
                    migrate_sqlite(log, Store::Log).await?;
                }
                Ok(Self { db, log_db, held: Held::Folder(folder) })
            }
        }
    }

    /// The log over what is there now.
    pub async fn log(&self) -> Outcome<Arc<dyn EventLog>> {
        let (clock, settings) = (Arc::new(SystemClock), LogSettings::default());
        Ok(match &self.log_db {
            Db::Postgres { pool, reader } => {
                let (pool, reader) = (pool.clone(), reader.clone());
                Arc::new(PgLog::open(pool, reader, clock, settings).await?)
            }
            Db::Sqlite { writer, reader } => {
                let (writer, reader) = (writer.clone(), reader.clone());
                Arc::new(SqliteLog::open(writer, reader, clock, settings).await?)
            }
        })
    }

    /// Starts the engine.
    pub fn start(&self, log: &Arc<dyn EventLog>) -> Running {
        self.start_fed(log, Arc::new(LogFeed::new(log.clone(), Partition::ONE)))
    }

    /// Starts the engine, fed by something else than the log.
    pub fn start_fed(&self, log: &Arc<dyn EventLog>, feeds: Arc<dyn Feeds>) -> Running {
        let partition = Partition::ONE;
        let (db, log_db) = (self.db.clone(), self.log_db.clone());
        let progress = Progress::new(db, log_db, log.clone(), partition, projections::ALL, &[]);
        let progress = Arc::new(progress);
        let parts = Parts {
            db: self.db.clone(),
            log_db: self.log_db.clone(),
            log: log.clone(),
            feeds,
            partition,
            clock: Arc::new(SystemClock),
            progress: progress.clone(),
        };
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(Engine::new(parts, projections::ALL.to_vec()).run(stopped));
        Running { progress, stop, tasks }
    }

    /// Where the database is.
    pub fn url(&self) -> Outcome<String> {
        match &self.held {
            Held::Database(database) => database.url(),
            Held::Folder(_) => Err("embedded stores have no URL".into()),
        }
    }

    /// Removes everything.
    pub async fn close(self) -> Outcome {
        self.db.close().await;
        self.log_db.close().await;
        match self.held {
            Held::Database(database) => database.drop().await,
            Held::Folder(folder) => Ok(folder.close()?),
        }
    }
}

impl Running {
    /// Lets it finish what it began.
    pub async fn stop(mut self) -> Outcome {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(())
    }
}
