//! How long it takes until everything has followed from a registration.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::Value;
use sqlx::{PgPool, SqlitePool};

use super::{address_of, registration, start};
use crate::{
    Outcome,
    bus::Broker,
    child::Host,
    databases::{self, Postgres},
    http_load::Connection,
};

/// What comes last in each of the streams, by prefix.
const LAST: &[(&str, &str)] = &[
    ("user", "membership_added"),
    ("org", "membership_added"),
    ("org", "billing_subscribed"),
    ("billsub", "provider_changed"),
    ("profile", "default_organization_changed"),
];
const LOOK: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(30);

enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Times so many registrations, one after the other, embedded and over RabbitMQ.
pub async fn run(people: usize) -> Outcome {
    println!("from the request to everything settled, {people} registrations, one by one");
    println!("{:<34}{:>12}{:>12}{:>12}", "", "p50 ms", "p99 ms", "answer p50");
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let path = data.to_str().ok_or("the path is not UTF-8")?;
    let host = start(&[("GROUNDWORK_DATA", path)]).await?;
    let log = Database::Sqlite(databases::sqlite(&data.join("log.db"), 1, true).await?);
    measure("embedded", &host, &log, people).await?;
    host.stop()?;

    let broker = Broker::connect().await?;
    let amqp = databases::broker();
    let database = Postgres::create("settling").await?;
    let url = database.url()?;
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("AMQP_URL", &amqp),
        ("GROUNDWORK_BUS_PREFIX", broker.prefix()),
        ("GROUNDWORK_DATA", path),
    ];
    let host = start(&settings).await?;
    let log = Database::Postgres(database.pool(1).await?);
    measure("PostgreSQL and RabbitMQ", &host, &log, people).await?;
    host.stop()?;
    drop(log);
    database.drop().await?;
    broker.clean().await
}

async fn measure(name: &str, host: &Host, log: &Database, people: usize) -> Outcome {
    let mut connection = Connection::open(host.address()).await?;
    let (mut settled, mut answered) = (
        Histogram::<u64>::new_with_max(60_000_000, 3)?,
        Histogram::<u64>::new_with_max(60_000_000, 3)?,
    );
    for number in 0..people {
        let begun = Instant::now();
        let answer = connection.send(&registration(&address_of(number))).await?;
        answered.saturating_record(u64::try_from(begun.elapsed().as_micros())?);
        let body: Value = serde_json::from_slice(&answer.body)?;
        let user = body["person"]["user"]["id"].as_str().ok_or("nobody was registered")?;
        while !log.has_all(user).await? {
            if begun.elapsed() > PATIENCE {
                return Err(format!("{user} is not settled after {PATIENCE:?}").into());
            }
            tokio::time::sleep(LOOK).await;
        }
        settled.saturating_record(u64::try_from(begun.elapsed().as_micros())?);
    }
    let millis = |times: &Histogram<u64>, share| {
        Duration::from_micros(times.value_at_quantile(share)).as_secs_f64() * 1000.0
    };
    println!(
        "{name:<34}{:>12.1}{:>12.1}{:>12.1}",
        millis(&settled, 0.5),
        millis(&settled, 0.99),
        millis(&answered, 0.5)
    );
    Ok(())
}

impl Database {
    async fn has_all(&self, user: &str) -> Outcome<bool> {
        let random = user.split_once('_').map_or("", |(_, random)| random);
        let wanted: Vec<String> = LAST
            .iter()
            .map(|(prefix, name)| {
                format!("(aggregate_id = '{prefix}_{random}' AND event_type = '{name}')")
            })
            .collect();
        let statement = format!("SELECT count(*) FROM events WHERE {}", wanted.join(" OR "));
        let (count,): (i64,) = match self {
            Self::Sqlite(pool) => sqlx::query_as(&statement).fetch_one(pool).await?,
            Self::Postgres(pool) => sqlx::query_as(&statement).fetch_one(pool).await?,
        };
        Ok(usize::try_from(count) == Ok(LAST.len()))
    }
}
