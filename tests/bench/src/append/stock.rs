//! `execute` of cqrs-es with its stock repositories: load, decide, insert, commit.

use std::{fmt, sync::Arc};

use adapters::{clock::SystemClock, ids::RandomIds};
use application::ports::Ids as _;
use cqrs_es::{
    Aggregate, CqrsFramework, DomainEvent, EventStore, event_sink::EventSink,
    persist::PersistedEventStore,
};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlite_es::SqliteEventRepository;
use sqlx::Executor;

use crate::{
    Outcome, databases,
    load::{self, Measured},
};

/// The table that the repositories document.
const TABLE: &str = "CREATE TABLE events (aggregate_type text NOT NULL, \
    aggregate_id text NOT NULL, sequence bigint NOT NULL CHECK (sequence >= 0), \
    event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, \
    metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Car {
    created: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    organization_id: String,
    status: String,
}

impl DomainEvent for Created {
    fn event_type(&self) -> String {
        "created".into()
    }
    fn event_version(&self) -> String {
        "1".into()
    }
}

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl Aggregate for Car {
    const TYPE: &'static str = "car";
    type Command = ();
    type Event = Created;
    type Error = Refused;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), sink: &EventSink<Self>) -> Result<(), Refused> {
        let organization_id = "org_0123456789abcdefghij".to_owned();
        sink.write(Created { organization_id, status: "unregistered".into() }, self).await;
        Ok(())
    }
    fn apply(&mut self, _: Created) {
        self.created = true;
    }
}

/// The connections of its own pools at most, on both engines.
pub const POOL: usize = 10;

/// On PostgreSQL, with a connection per caller up to so many.
pub async fn postgres(callers: usize, most: usize, seconds: f64) -> Outcome<Measured> {
    let database = databases::Postgres::create("stock").await?;
    let pool = database.pool(u32::try_from(callers.min(most))?).await?;
    pool.execute(TABLE).await?;
    let store = PersistedEventStore::new_event_store(PostgresEventRepository::new(pool.clone()));
    let measured = execute(store, callers, seconds).await?;
    pool.close().await;
    database.drop().await?;
    Ok(measured)
}

/// On SQLite, with a connection per caller up to [`POOL`].
pub async fn sqlite(callers: usize, seconds: f64) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let connections = u32::try_from(callers.min(POOL))?;
    let pool = databases::sqlite(&folder.path().join("stock.db"), connections, false).await?;
    pool.execute(TABLE).await?;
    let store = PersistedEventStore::new_event_store(SqliteEventRepository::new(pool.clone()));
    let measured = execute(store, callers, seconds).await?;
    pool.close().await;
    Ok(measured)
}

async fn execute<S: EventStore<Car> + 'static>(
    store: S,
    callers: usize,
    seconds: f64,
) -> Outcome<Measured>
where
    S::AC: Send,
{
    let cqrs = Arc::new(CqrsFramework::new(store, vec![], ()));
    let ids = Arc::new(RandomIds::new(Arc::new(SystemClock)));
    let measured = load::run(callers, seconds, move |_, _| {
        let (cqrs, ids) = (cqrs.clone(), ids.clone());
        async move { Ok(cqrs.execute(&ids.token().with_prefix("car"), ()).await?) }
    });
    measured.await
}
