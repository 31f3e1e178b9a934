//! Logs to test, and short ways to say what is appended.

use std::sync::{Arc, Mutex};

use application::ports::{
    Append, AppendError, Appended, Claim, ClaimRef, Clock, DeadLetter, EventLog, Metadata,
    NewEvent, StreamAppend, StreamId, WorkMessage, WorkQueue,
};
use domain::kernel::Timestamp;
use sqlx::{
    Connection, Executor, PgConnection, PgPool, Sqlite, SqlitePool, postgres::PgPoolOptions,
};
use store::{
    db::Reader,
    log::{LogSettings, MemLog, PgLog, SqliteLog},
    migrations::{Store, migrate_postgres, migrate_sqlite},
};
use tempfile::TempDir;
use time::Duration;
use uuid::Uuid;

/// A clock that stands until it is moved.
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub fn new() -> Arc<Self> {
        let start = Timestamp::parse("2026-01-02T03:04:05.678901Z").unwrap();
        Arc::new(Self(Mutex::new(start)))
    }
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A database of its own on the PostgreSQL server; dropped with this.
pub struct Database {
    pub name: String,
    pub url: String,
    admin: String,
}

impl Database {
    pub async fn create() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests have no host to read it for them")]
        let admin = std::env::var("DATABASE_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
        let name = format!("log_test_{}", Uuid::from_u128(rand()).simple());
        let mut connection = PgConnection::connect(&admin).await.unwrap_or_else(|error| {
            panic!("PostgreSQL can't be reached at DATABASE_URL, but these tests need it: {error}")
        });
        connection.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
        let (server, _) = admin.rsplit_once('/').unwrap();
        Self { url: format!("{server}/{name}"), name, admin }
    }

    pub async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(std::time::Duration::from_secs(10))
            .connect(&self.url)
            .await
            .unwrap()
    }
}

/// Random enough to name databases: hash maps are seeded by the system.
pub fn rand() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    let half = || u128::from(RandomState::new().hash_one(std::process::id()));
    half() << 64 | half()
}

impl Drop for Database {
    fn drop(&mut self) {
        let (admin, drop) =
            (self.admin.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // Not within the test's runtime, which may be shutting down.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                connection.execute(drop.as_str()).await.unwrap();
            });
        });
        thread.join().unwrap();
    }
}

pub enum Backend {
    Memory(Arc<MemLog>),
    Sqlite { log: Arc<SqliteLog>, writer: SqlitePool, _folder: TempDir },
    Postgres { log: Arc<PgLog>, pool: PgPool, _database: Database },
}

/// A log under test.
pub struct Fixture {
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<TestClock>,
    pub backend: Backend,
}

impl Fixture {
    pub fn memory() -> Self {
        let clock = TestClock::new();
        let log = Arc::new(MemLog::new(clock.clone()));
        Self { log: log.clone(), clock, backend: Backend::Memory(log) }
    }

    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = sqlite_pools(&folder.path().join("log.db")).await;
        migrate_sqlite(&writer, Store::Log).await.unwrap();
        let clock = TestClock::new();
        let log = SqliteLog::open(writer.clone(), reader, clock.clone(), LogSettings::default());
        let log = Arc::new(log.await.unwrap());
        Self { log: log.clone(), clock, backend: Backend::Sqlite { log, writer, _folder: folder } }
    }

    pub async fn postgres() -> Self {
        let database = Database::create().await;
        let pool = database.pool().await;
        migrate_postgres(&pool, &[Store::Log]).await.unwrap();
        let clock = TestClock::new();
        let reader = Reader::new(pool.clone(), 2);
        let log = PgLog::open(pool.clone(), reader, clock.clone(), LogSettings::default());
        let log = Arc::new(log.await.unwrap());
        let backend = Backend::Postgres { log: log.clone(), pool, _database: database };
        Self { log, clock, backend }
    }

    /// Logs of other processes on the same data, as far as the engine allows for them.
    pub async fn processes(&self, count: usize) -> Vec<Arc<dyn EventLog>> {
        let mut logs = vec![self.log.clone(); count];
        if let Backend::Postgres { pool, .. } = &self.backend {
            for log in logs.iter_mut().skip(1) {
                let settings = LogSettings::default();
                let own = PgPoolOptions::new().max_connections(4);
                let own = own.connect_lazy_with((*pool.connect_options()).clone());
                let reader = Reader::new(own.clone(), 2);
                let other = PgLog::open(own, reader, self.clock.clone(), settings);
                *log = Arc::new(other.await.unwrap());
            }
        }
        logs
    }

    /// What the log says about itself.
    pub async fn violations(&self) -> Vec<String> {
        match &self.backend {
            Backend::Memory(_) => vec![],
            Backend::Sqlite { log, .. } => log.verify().await.unwrap(),
            Backend::Postgres { log, .. } => log.verify().await.unwrap(),
        }
    }

    /// The work that waits, in order.
    pub async fn work(&self) -> Vec<WorkMessage> {
        let all = "SELECT id, queue, body FROM work_messages ORDER BY number";
        let rows: Vec<(String, String, String)> = match &self.backend {
            Backend::Memory(log) => return log.work(),
            Backend::Sqlite { writer, .. } => sqlx::query_as(all).fetch_all(writer).await.unwrap(),
            Backend::Postgres { pool, .. } => sqlx::query_as(all).fetch_all(pool).await.unwrap(),
        };
        let message = |(id, queue, body): (String, String, String)| WorkMessage {
            id,
            queue: WorkQueue::named(&queue).unwrap(),
            body,
            subject: None,
        };
        rows.into_iter().map(message).collect()
    }

    /// Dead letters: consumer, position, attempts.
    pub async fn letters(&self) -> Vec<(String, i64, i64)> {
        let all = "SELECT consumer, position, attempts FROM dead_letters ORDER BY 1, 2";
        match &self.backend {
            Backend::Memory(log) => {
                let tell = |one: DeadLetter| {
                    let position = i64::try_from(one.position).unwrap();
                    (one.consumer, position, i64::from(one.attempts))
                };
                log.dead_letters().into_iter().map(tell).collect()
            }
            Backend::Sqlite { writer, .. } => sqlx::query_as(all).fetch_all(writer).await.unwrap(),
            Backend::Postgres { pool, .. } => {
                let all = all.replace("attempts", "attempts::int8");
                sqlx::query_as(&all).fetch_all(pool).await.unwrap()
            }
        }
    }
}

/// A file as hosts open it.
pub async fn sqlite_pools(path: &std::path::Path) -> (SqlitePool, Reader<Sqlite>) {
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(std::time::Duration::from_secs(5));
    let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone());
    let writer = writer.await.unwrap();
    let reader = SqlitePoolOptions::new().max_connections(4);
    (writer, Reader::new(reader.connect_lazy_with(options.read_only(true)), 4))
}

pub fn stream(id: &str) -> StreamId {
    StreamId::new("thing", id)
}

pub fn event(payload: &str) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(rand()),
        name: "happened".into(),
        version: 1,
        payload: payload.into(),
        sealed: None,
    }
}

/// An append of so many events.
pub fn to(id: &str, expected: u64, count: usize) -> Append {
    let events = (0..count).map(|n| event(&format!(r#"{{"n":{n}}}"#))).collect();
    Append {
        streams: vec![StreamAppend { stream: stream(id), expected, events }],
        metadata: Metadata { tenant: Some("org_a".into()), ..Metadata::default() },
        ..Append::default()
    }
}

pub fn claim(value: &str) -> ClaimRef {
    ClaimRef { scope: "platform".into(), kind: "email".into(), value: value.into() }
}

pub fn owned(value: &str, owner: &str) -> Claim {
    Claim { claim: claim(value), owner: stream(owner) }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what appends answer")]
pub fn at(position: u64) -> Result<Appended, AppendError> {
    Ok(Appended { position })
}
