//! Reading the log from its first event, and building the read model of cars from it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use application::{
    cars::CARS,
    ports::{EventLog, ReadModels},
};
use store::db::Db;

use crate::{
    Outcome, history,
    site::{On, Site},
};

/// Events per page, as the engine reads them.
const PAGE: usize = 8_000;
/// How long the reference is measured.
const REFERENCE: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub struct Args {
    /// Events in the log.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// One engine only.
    #[arg(long)]
    engine: Option<On>,
}

/// Measures and prints.
pub async fn run(args: Args) -> Outcome {
    for on in On::chosen(args.engine) {
        let site = Site::open(on, "rebuild").await?;
        let events = history::write(&site.log_db, args.events).await?;
        println!("\n{}, {events} events of {} cars", on.name(), events / 5);
        println!("{:<38} {:>12}", "", "events/s");
        let log = site.log().await?;
        line("read the log, page by page", events, read(&log).await?);
        let reference = one_by_one(&site.db, &log).await?;
        line("reference: one event per transaction", reference.0, reference.1);
        let began = Instant::now();
        let running = site.start(&log);
        if !running.progress.reached(&[CARS], events, Duration::from_mins(10)).await {
            return Err("the read model was not built within 10 minutes".into());
        }
        line("build the read model of cars, indexed", events, began.elapsed());
        running.stop().await?;
        drop(log);
        site.close().await?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
fn line(what: &str, events: u64, took: Duration) {
    println!("{what:<38} {:>12.0}", events as f64 / took.as_secs_f64());
}

async fn read(log: &Arc<dyn EventLog>) -> Outcome<Duration> {
    let began = Instant::now();
    let mut after = 0;
    while let Some(last) = log.read(after, PAGE).await?.last() {
        after = last.position;
    }
    Ok(began.elapsed())
}

/// What a projector does that takes one event at a time: one row and the checkpoint, committed.
async fn one_by_one(db: &Db, log: &Arc<dyn EventLog>) -> Outcome<(u64, Duration)> {
    let json = if matches!(db, Db::Postgres { .. }) { "jsonb" } else { "text" };
    let table = format!("CREATE TABLE plain (id text PRIMARY KEY, payload {json} NOT NULL)");
    db.execute(&table, &[]).await?;
    db.execute("CREATE TABLE plain_checkpoint (position bigint NOT NULL)", &[]).await?;
    db.execute("INSERT INTO plain_checkpoint VALUES (0)", &[]).await?;
    let (began, mut count) = (Instant::now(), 0);
    'pages: loop {
        let page = log.read(count, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for event in page {
            if began.elapsed() > REFERENCE {
                break 'pages;
            }
            let mut tx = db.begin().await?;
            let row = [event.stream.id.into(), store::db::Value::Json(event.payload)];
            let upsert = "INSERT INTO plain VALUES ($1, $2) \
                 ON CONFLICT (id) DO UPDATE SET payload = excluded.payload";
            tx.execute(upsert, &row).await?;
            let position = [event.position.into()];
            tx.execute("UPDATE plain_checkpoint SET position = $1", &position).await?;
            tx.commit().await?;
            count += 1;
        }
    }
    let took = began.elapsed();
    db.execute("DROP TABLE plain", &[]).await?;
    db.execute("DROP TABLE plain_checkpoint", &[]).await?;
    Ok((count, took))
}
