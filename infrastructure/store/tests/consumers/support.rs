//! A log, a database for read models, and engines that can be started, stopped and killed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use application::{
    App,
    ports::{Append, Clock, EventLog, Feeds, Ids, Partition, ReadModels},
    reaction::Reaction,
};
use domain::kernel::{IdToken, Timestamp};
use sqlx::{Connection, Executor, PgConnection};
use store::{
    consumers::{Action, Engine, LogFeed, Ops, OpsError, Parts, Progress},
    db::{Db, Durability, PoolSettings},
    log::{LogSettings, PgLog, SqliteLog},
    migrations::{Store, migrate_postgres, migrate_sqlite},
    projections::Projection,
};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

use crate::kettles;

/// How long a test waits for what should come in a moment.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Postgres,
    Sqlite,
}

pub const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

/// A clock that ticks at every look.
#[derive(Default)]
pub struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let ticks = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::MIN.plus(time::Duration::milliseconds(ticks))
    }
}

/// Ids that count.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl Ids for Counting {
    fn token(&self) -> IdToken {
        IdToken::new(format!("{:010}", self.0.fetch_add(1, Ordering::SeqCst))).unwrap()
    }
    fn event_id(&self) -> uuid::Uuid {
        kettles::next_id()
    }
}

/// What goes away with the test.
pub enum Held {
    Folder(#[expect(dead_code, reason = "holds the folder until the test ends")] TempDir),
    Database(String),
}

/// Databases and log of one deployment.
pub struct Site {
    pub db: Db,
    pub log_db: Db,
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub held: Held,
}

/// An engine that runs.
pub struct Running {
    pub progress: Arc<Progress>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

fn admin_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no host to read it for them")]
    std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into())
}

/// Host and port of the server.
pub fn server() -> String {
    let url = admin_url();
    let (_, rest) = url.rsplit_once('@').expect("a user");
    rest.split('/').next().unwrap().to_owned()
}

/// User, and password if there is one.
pub fn user() -> String {
    let url = admin_url();
    let (_, rest) = url.split_once("://").expect("a scheme");
    rest.rsplit_once('@').expect("a user").0.to_owned()
}

pub async fn admin() -> PgConnection {
    PgConnection::connect(&admin_url()).await.unwrap_or_else(|error| {
        panic!("PostgreSQL can't be reached at DATABASE_URL, but these tests need it: {error}")
    })
}

impl Site {
    pub async fn new(on: On) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(Ticking::default());
        let ids: Arc<dyn Ids> = Arc::new(Counting::default());
        let settings = LogSettings::default();
        match on {
            On::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let path = |name| folder.path().join(name);
                let db = Db::sqlite(&path("read.db"), Durability::Rebuildable).await.unwrap();
                let log_db = Db::sqlite(&path("log.db"), Durability::Full).await.unwrap();
                let (Db::Sqlite { writer: read, .. }, Db::Sqlite { writer, reader }) =
                    (&db, &log_db)
                else {
                    unreachable!("both are SQLite")
                };
                migrate_sqlite(read, Store::Read).await.unwrap();
                migrate_sqlite(writer, Store::Log).await.unwrap();
                let log = SqliteLog::open(writer.clone(), reader.clone(), clock.clone(), settings);
                let log: Arc<dyn EventLog> = Arc::new(log.await.unwrap());
                Self { db, log_db, log, clock, ids, held: Held::Folder(folder) }
            }
            On::Postgres => {
                let name = format!("engine_test_{}", kettles::next_id().simple());
                admin().await.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
                let url = admin_url();
                let (server, _) = url.rsplit_once('/').unwrap();
                let pool_settings = PoolSettings { connections: 8, ..PoolSettings::default() };
                let db = Db::postgres(&format!("{server}/{name}"), pool_settings).unwrap();
                let Db::Postgres { pool, reader } = &db else { unreachable!("it is PostgreSQL") };
                migrate_postgres(pool, &[Store::Log, Store::Read]).await.unwrap();
                let log = PgLog::open(pool.clone(), reader.clone(), clock.clone(), settings);
                let log: Arc<dyn EventLog> = Arc::new(log.await.unwrap());
                Self { log_db: db.clone(), db, log, clock, ids, held: Held::Database(name) }
            }
        }
    }

    pub fn feeds(&self) -> Arc<dyn Feeds> {
        Arc::new(LogFeed::new(self.log.clone(), Partition::ONE))
    }

    pub fn start(&self, projections: &[Projection]) -> Running {
        self.start_with(projections, self.feeds(), None)
    }

    pub fn start_with(
        &self,
        projections: &[Projection],
        feeds: Arc<dyn Feeds>,
        reactions: Option<(App, Vec<Reaction>)>,
    ) -> Running {
        self.start_divided(Partition::ONE, projections, feeds, reactions)
    }

    pub fn start_divided(
        &self,
        partition: Partition,
        projections: &[Projection],
        feeds: Arc<dyn Feeds>,
        reactions: Option<(App, Vec<Reaction>)>,
    ) -> Running {
        let acting = reactions.as_ref().map_or(&[][..], |(_, all)| all);
        let (db, log_db) = (self.db.clone(), self.log_db.clone());
        let progress = Progress::new(db, log_db, self.log.clone(), partition, projections, acting);
        let progress = Arc::new(progress);
        let parts = Parts {
            db: self.db.clone(),
            log_db: self.log_db.clone(),
            log: self.log.clone(),
            feeds: feeds.clone(),
            partition,
            clock: self.clock.clone(),
            progress: progress.clone(),
        };
        let mut engine = Engine::new(parts, projections.to_vec());
        if let Some((app, reactions)) = reactions {
            engine = engine.with_reactions(app, feeds, reactions);
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(engine.run(stopped));
        Running { progress, stop, tasks }
    }

    pub fn ops(&self) -> Ops {
        let (db, log_db) = (self.db.clone(), self.log_db.clone());
        Ops::new(db, log_db, self.log.clone(), Partition::ONE, self.clock.clone(), self.ids.clone())
    }

    pub async fn ask(&self, consumer: &str, action: Action) -> Result<String, OpsError> {
        self.ops().ask(consumer, action, LIMIT).await
    }

    pub async fn append(&self, append: Append) -> u64 {
        self.log.append(append).await.unwrap().position
    }

    /// Buys kettles, each in an append of its own, and fills each so many times.
    pub async fn kettles(&self, from: u32, count: u32, fills: i64) -> u64 {
        let mut position = 0;
        for number in from..from + count {
            let mut events = vec![kettles::bought("ann")];
            events.extend((1..=fills).map(kettles::filled));
            position = self.append(kettles::append(&format!("k{number}"), 0, &events)).await;
        }
        position
    }

    /// Id, litres and number of events of every kettle that queries see.
    pub async fn shown(&self) -> Vec<(String, i64, i64)> {
        let sql = "SELECT id, litres, fills FROM rm_kettles_v1 ORDER BY id";
        let rows = self.db.fetch(sql, &[]).await.unwrap();
        rows.iter()
            .map(|r| (r.text("id").unwrap(), r.int("litres").unwrap(), r.int("fills").unwrap()))
            .collect()
    }

    /// How many events changed something in what is served.
    pub async fn applied(&self) -> i64 {
        let sql = "SELECT CAST(sum(applied) AS bigint) AS applied FROM projections \
             WHERE name = 'kettles' AND state = 'active'";
        self.db.fetch_one(sql, &[]).await.unwrap().unwrap().int("applied").unwrap()
    }
}

impl Running {
    pub async fn reached(&self, position: u64) {
        let reached = self.progress.reached(&["kettles"], position, LIMIT).await;
        assert!(reached, "the read model did not reach {position}");
    }

    pub async fn settled(&self) {
        assert!(self.progress.settled(LIMIT).await, "consumers did not get quiet");
    }

    /// Ends it where it happens to be.
    pub async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

/// Waits until something holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let wait = async {
        while !holds().await {
            // A loop without a pause can keep everything else on the machine from running.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, wait).await.is_ok(), "never: {what}");
}

impl Drop for Held {
    fn drop(&mut self) {
        let Self::Database(name) = self else { return };
        let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // Not within the test's runtime, which may be shutting down.
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                admin().await.execute(statement.as_str()).await.unwrap();
            });
        });
        drop(dropper.join());
    }
}
