//! One process that feeds read models beside two that share the parts of the log.

use std::time::{Duration, Instant};

use crate::{
    Outcome,
    bus::Broker,
    child::Host,
    databases, history,
    site::{On, Site},
};

/// Both have two parts to work on.
const PARTS: &str = "2";
/// How long processes may take to share their parts, and to catch up.
const LIMIT: Duration = Duration::from_mins(5);

#[derive(clap::Args)]
pub struct Args {
    /// Events that happen at once while the processes wait for them.
    #[arg(long, default_value_t = 300_000)]
    events: u64,
}

/// Measures and prints.
pub async fn run(args: Args) -> Outcome {
    let alone = catch_up(1, args.events).await?;
    let shared = catch_up(2, args.events).await?;
    println!("\n{} events at once, two parts, PostgreSQL and RabbitMQ", args.events);
    println!("one process {alone:.0} events/s, two processes {shared:.0} events/s");
    println!("two are {:.2} times as fast as one", shared / alone);
    Ok(())
}

async fn catch_up(processes: usize, events: u64) -> Outcome<f64> {
    let site = Site::open(On::Postgres, "projectors").await?;
    let broker = Broker::connect().await?;
    let (database, prefix) = (site.url()?, format!("{}p{processes}.", broker.prefix()));
    let amqp = databases::broker();
    let settings = [
        ("DATABASE_URL", database.as_str()),
        ("AMQP_URL", amqp.as_str()),
        ("GROUNDWORK_BUS_PREFIX", prefix.as_str()),
        ("GROUNDWORK_PARTS", PARTS),
    ];
    let mut workers = vec![];
    for _ in 0..processes {
        workers.push(Host::start_as("worker-process", &settings).await?);
    }
    let holders = "SELECT count(DISTINCT pid) AS n FROM pg_locks WHERE locktype = 'advisory' \
         AND granted AND objid >= 2 AND classid::int8 = 1886547818 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    wait(&site, holders, u64::try_from(processes)?).await?;
    let events = history::write(&site.log_db, events).await?;
    let began = Instant::now();
    let least = "SELECT min(position) AS n FROM projections WHERE name = 'cars' \
         AND state = 'active'";
    wait(&site, least, events).await?;
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let rate = events as f64 / began.elapsed().as_secs_f64();
    for worker in workers {
        worker.stop()?;
    }
    broker.under(&prefix, PARTS).clean().await?;
    site.close().await?;
    Ok(rate)
}

async fn wait(site: &Site, question: &str, wanted: u64) -> Outcome {
    let began = Instant::now();
    while began.elapsed() < LIMIT {
        let row = site.db.fetch_one(question, &[]).await?;
        if row.map(|row| row.count("n")).transpose()? == Some(wanted) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err("the processes did not get there in time".into())
}
