//! Appends per second, and how long each takes.

mod plain;
mod stock;

use std::sync::Arc;

use adapters::{clock::SystemClock, ids::RandomIds};
use application::ports::{
    Append, Claim, ClaimRef, EventLog, Ids, Metadata, NewEvent, StreamAppend, StreamId,
};
use store::{
    db::Reader,
    log::{LogSettings, PgLog, SqliteLog},
    migrations::{Store, migrate_postgres, migrate_sqlite},
};

use crate::{
    Outcome, databases,
    load::{self, Measured},
};

/// More connections than the stock repositories' own pool has, to see what they do with them.
const WIDE: usize = 32;
/// What an event of the measurement holds.
const PAYLOAD: &str = r#"{"organizationId":"org_0123456789abcdefghij","status":"unregistered"}"#;

#[derive(clap::Args)]
pub struct Args {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many callers wait at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    callers: Vec<usize>,
    /// One engine only.
    #[arg(long)]
    engine: Option<Engine>,
    /// Leave the references out.
    #[arg(long)]
    alone: bool,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Engine {
    Postgres,
    Sqlite,
}

/// Measures and prints.
pub async fn run(args: Args) -> Outcome {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        if args.engine.is_some_and(|only| only != engine) {
            continue;
        }
        match engine {
            Engine::Postgres => println!("\nPostgreSQL, durable commits"),
            Engine::Sqlite => println!("\nSQLite, durable commits (WAL, synchronous = FULL)"),
        }
        println!(
            "one event per append to a new stream; Groundwork also takes a claim in every tenth"
        );
        println!(
            "{:>8}  {:<22} {:>10} {:>9} {:>9}   Groundwork is",
            "callers", "", "appends/s", "p50 ms", "p99 ms"
        );
        for callers in &args.callers {
            compare(engine, *callers, &args).await?;
        }
    }
    Ok(())
}

async fn compare(engine: Engine, callers: usize, args: &Args) -> Outcome {
    let seconds = args.seconds;
    let ours = match engine {
        Engine::Postgres => on_postgres(callers, seconds).await?,
        Engine::Sqlite => on_sqlite(callers, seconds).await?,
    };
    line(callers, "Groundwork", &ours, None);
    if args.alone {
        return Ok(());
    }
    let plain = match engine {
        Engine::Postgres => {
            let stock = stock::postgres(callers, stock::POOL, seconds).await?;
            line(callers, "stock postgres-es", &stock, Some(ours.rate / stock.rate));
            if callers > stock::POOL {
                let wide = stock::postgres(callers, WIDE, seconds).await?;
                line(callers, "the same, 32 sessions", &wide, Some(ours.rate / wide.rate));
            }
            plain::postgres(callers, seconds).await?
        }
        Engine::Sqlite => {
            let stock = stock::sqlite(callers, seconds).await?;
            line(callers, "stock sqlite-es", &stock, Some(ours.rate / stock.rate));
            plain::sqlite(callers, seconds).await?
        }
    };
    line(callers, "one INSERT per commit", &plain, Some(ours.rate / plain.rate));
    Ok(())
}

fn line(callers: usize, name: &str, measured: &Measured, ratio: Option<f64>) {
    let ratio = ratio.map(|ratio| format!("{ratio:.1} times as fast")).unwrap_or_default();
    println!(
        "{callers:>8}  {name:<22} {:>10.0} {:>9.2} {:>9.2}   {ratio}",
        measured.rate,
        measured.millis(0.5),
        measured.millis(0.99),
    );
}

async fn on_postgres(callers: usize, seconds: f64) -> Outcome<Measured> {
    let database = databases::Postgres::create("append").await?;
    let pool = database.pool(4).await?;
    migrate_postgres(&pool, &[Store::Log]).await?;
    let reader = Reader::new(pool.clone(), 2);
    let log = PgLog::open(pool, reader, Arc::new(SystemClock), LogSettings::default()).await?;
    let log = Arc::new(log);
    let measured = append_to(log.clone(), callers, seconds).await?;
    log.close().await;
    drop(log);
    database.drop().await?;
    Ok(measured)
}

async fn on_sqlite(callers: usize, seconds: f64) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("log.db");
    let writer = databases::sqlite(&file, 1, false).await?;
    migrate_sqlite(&writer, Store::Log).await?;
    let reader = Reader::new(databases::sqlite(&file, 4, true).await?, 4);
    let log = SqliteLog::open(writer, reader, Arc::new(SystemClock), LogSettings::default());
    let log = Arc::new(log.await?);
    let measured = append_to(log.clone(), callers, seconds).await?;
    log.close().await;
    Ok(measured)
}

async fn append_to(log: Arc<dyn EventLog>, callers: usize, seconds: f64) -> Outcome<Measured> {
    let ids = Arc::new(RandomIds::new(Arc::new(SystemClock)));
    let measured = load::run(callers, seconds, move |_, round| {
        let (log, ids) = (log.clone(), ids.clone());
        async move {
            let stream = StreamId::new("car", ids.token().with_prefix("car"));
            let take = if round % 10 == 0 { vec![claim(&stream)] } else { vec![] };
            let event = NewEvent {
                id: ids.event_id(),
                name: "created".into(),
                version: 1,
                payload: PAYLOAD.into(),
                sealed: None,
            };
            let append = Append {
                streams: vec![StreamAppend { stream, expected: 0, events: vec![event] }],
                take,
                metadata: Metadata {
                    tenant: Some("org_0123456789abcdefghij".into()),
                    actor: Some("user_0123456789abcdefghij".into()),
                    ..Metadata::default()
                },
                ..Append::default()
            };
            log.append(append).await?;
            Ok(())
        }
    });
    measured.await
}

fn claim(owner: &StreamId) -> Claim {
    let (scope, kind) = ("platform".to_owned(), "plate".into());
    Claim { claim: ClaimRef { scope, kind, value: owner.id.clone() }, owner: owner.clone() }
}
