//! A database of either engine, an engine that runs on it, and a log in memory before it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use application::ports::{
    Append, Clock, EventLog, NewEvent, Partition, ReadModels, StreamAppend, StreamId,
};
use domain::{
    cars::CarEvent,
    kernel::{Event, Timestamp},
};
use sqlx::{Connection, Executor, PgConnection};
use store::{
    consumers::{Engine, LogFeed, Parts, Progress},
    db::{Db, Durability, PoolSettings},
    log::MemLog,
    migrations::{Store, migrate_postgres, migrate_sqlite},
};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug)]
pub enum On {
    Postgres,
    Sqlite,
}

pub const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

/// A clock that ticks once per look.
#[derive(Default)]
pub struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let seconds = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::new(
            time::macros::datetime!(2026-01-01 0:00 UTC)
                + Duration::from_secs(seconds.unsigned_abs()),
        )
    }
}

enum Held {
    Folder(#[expect(dead_code, reason = "holds the folder until the test ends")] TempDir),
    Database(String),
}

/// A projected log.
pub struct Fixture {
    pub log: Arc<MemLog>,
    pub db: Db,
    pub progress: Arc<Progress>,
    stop: watch::Sender<bool>,
    engine: JoinSet<()>,
    _held: Held,
}

fn admin_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no settings but this")]
    std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

async fn admin() -> PgConnection {
    PgConnection::connect(&admin_url()).await.expect(
        "these tests need PostgreSQL: start one on 127.0.0.1:5432 or name it in DATABASE_URL",
    )
}

async fn open(on: On) -> (Db, Held) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    match on {
        On::Sqlite => {
            let folder = tempfile::tempdir().expect("a folder");
            let path: PathBuf = folder.path().join("read.db");
            let db = Db::sqlite(&path, Durability::Rebuildable).await.expect("opens");
            let Db::Sqlite { writer, .. } = &db else { unreachable!("it is SQLite") };
            migrate_sqlite(writer, Store::Read).await.expect("migrates");
            (db, Held::Folder(folder))
        }
        On::Postgres => {
            let number = NUMBER.fetch_add(1, Ordering::SeqCst);
            let name = format!("gw_projections_{}_{number}", std::process::id());
            admin().await.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("made");
            let (server, _) = admin_url()
                .rsplit_once('/')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .expect("a URL");
            let settings = PoolSettings { connections: 4, ..PoolSettings::default() };
            let db = Db::postgres(&format!("{server}/{name}"), settings).expect("a URL");
            let Db::Postgres { pool, .. } = &db else { unreachable!("it is PostgreSQL") };
            migrate_postgres(pool, &[Store::Log, Store::Read]).await.expect("migrates");
            (db, Held::Database(name))
        }
    }
}

impl Fixture {
    pub async fn start(on: On) -> Self {
        let (db, held) = open(on).await;
        let clock: Arc<dyn Clock> = Arc::new(Ticking::default());
        let log = Arc::new(MemLog::new(clock.clone()));
        let progress = Arc::new(Progress::new(
            db.clone(),
            db.clone(),
            log.clone(),
            Partition::ONE,
            projections::ALL,
            &[],
        ));
        let parts = Parts {
            db: db.clone(),
            log_db: db.clone(),
            log: log.clone(),
            feeds: Arc::new(LogFeed::new(log.clone(), Partition::ONE)),
            partition: Partition::ONE,
            clock,
            progress: progress.clone(),
        };
        let (stop, stopped) = watch::channel(false);
        let mut engine = JoinSet::new();
        engine.spawn(Engine::new(parts, projections::ALL.to_vec()).run(stopped));
        Self { log, db, progress, stop, engine, _held: held }
    }

    /// Appends to a car and waits until queries know.
    pub async fn happened(&self, id: &str, expected: u64, events: &[CarEvent]) {
        self.happened_to(StreamId::new("car", id), "cars", expected, events).await;
    }

    /// Appends to a stream and waits until a projection knows.
    pub async fn happened_to<E: Event>(
        &self,
        stream: StreamId,
        projection: &str,
        expected: u64,
        events: &[E],
    ) {
        let events = events
            .iter()
            .map(|event| NewEvent {
                id: uuid::Uuid::nil(),
                name: event.name().into(),
                version: event.version(),
                payload: serde_json::to_string(event).expect("JSON"),
                sealed: None,
            })
            .collect();
        let stream = StreamAppend { stream, expected, events };
        let append = Append { streams: vec![stream], ..Append::default() };
        let position = self.log.append(append).await.expect("appended").position;
        let limit = Duration::from_secs(20);
        let reached = self.progress.reached(&[projection], position, limit).await;
        assert!(reached, "{position} not reached");
    }

    pub async fn end(mut self) {
        self.stop.send_replace(true);
        while self.engine.join_next().await.is_some() {}
        self.db.close().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Self::Database(name) = self else { return };
        let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                admin().await.execute(statement.as_str()).await.expect("dropped");
            });
        });
        drop(dropper.join());
    }
}
