//! How long it takes until what was appended can be read.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::{clock::SystemClock, ids::RandomIds};
use application::{
    cars::{CARS, CarReads},
    ports::{Append, EventLog, Ids, Metadata, NewEvent, ReadModels, StreamAppend, StreamId},
};
use domain::{cars::CarId, kernel::OrganizationId};
use hdrhistogram::Histogram;
use projections::cars::CarTables;
use store::consumers::Progress;
use tokio::task::JoinSet;

use crate::{
    Outcome,
    bus::Broker,
    load,
    site::{On, Site},
};

const ORGANIZATION: &str = "org_0123456789abcdefghij";
const PAYLOAD: &str = r#"{"organizationId":"org_0123456789abcdefghij","status":"unregistered"}"#;
/// Callers of the measurement of the peak.
const CALLERS: usize = 128;
/// One of so many appends is followed until it can be read.
const SAMPLE: u64 = 16;
/// How long a follower waits.
const LIMIT: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Args {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// One engine only.
    #[arg(long)]
    engine: Option<On>,
    /// Over RabbitMQ; on PostgreSQL only.
    #[arg(long)]
    bus: bool,
}

/// Appends to new streams.
#[derive(Clone)]
pub struct Appending {
    /// Where.
    pub log: Arc<dyn EventLog>,
    /// Names the streams.
    pub ids: Arc<RandomIds>,
}

#[derive(Clone)]
struct Parts {
    appending: Appending,
    progress: Arc<Progress>,
    reads: CarTables,
}

/// Measures and prints.
pub async fn run(args: Args) -> Outcome {
    let engine = if args.bus { Some(On::Postgres) } else { args.engine };
    for on in On::chosen(engine) {
        let site = Site::open(on, "latency").await?;
        let log = site.log().await?;
        let broker = if args.bus { Some(Broker::connect().await?) } else { None };
        let running = match &broker {
            Some(broker) => site.start_fed(&log, Arc::new(broker.feeds(&log))),
            None => site.start(&log),
        };
        let relaying = broker.as_ref().map(|broker| broker.start(&site, &log));
        let parts = Parts {
            appending: Appending {
                log: log.clone(),
                ids: Arc::new(RandomIds::new(Arc::new(SystemClock))),
            },
            progress: running.progress.clone(),
            reads: CarTables::new(site.db.clone()),
        };
        let over = if args.bus { " over RabbitMQ" } else { "" };
        println!("\n{}{over}, one event per append, read models kept in step", on.name());
        let appending = parts.appending.clone();
        let peak = load::run(CALLERS, args.seconds, move |_, _| {
            let appending = appending.clone();
            async move { appending.append().await.map(drop) }
        })
        .await?;
        println!("peak of {CALLERS} callers: {:.0} appends/s", peak.rate);
        let behind = Instant::now();
        if !running.progress.settled(Duration::from_mins(5)).await {
            return Err("the read models did not catch up within 5 minutes".into());
        }
        println!("read models caught up {:.2} s after it", behind.elapsed().as_secs_f64());
        let peak = if args.bus { parts.sustained(args.seconds).await? } else { peak.rate };
        for share in [0.1, 0.5, 0.8] {
            let (rate, times) = parts.at(peak * share, args.seconds).await?;
            println!(
                "at {:>3.0} % of it, {rate:>6.0}/s: append to readable p50 {:.2} ms, p99 {:.2} ms",
                share * 100.0,
                millis(&times, 0.5),
                millis(&times, 0.99),
            );
        }
        running.stop().await?;
        drop(relaying);
        if let Some(broker) = broker {
            broker.clean().await?;
        }
        drop((parts, log));
        site.close().await?;
    }
    Ok(())
}

fn millis(times: &Histogram<u64>, quantile: f64) -> f64 {
    Duration::from_micros(times.value_at_quantile(quantile)).as_secs_f64() * 1000.0
}

impl Appending {
    /// One event; the stream's id and the position.
    async fn append(&self) -> Outcome<(String, u64)> {
        let id = self.ids.token().with_prefix("car");
        let event = NewEvent {
            id: self.ids.event_id(),
            name: "created".into(),
            version: 1,
            payload: PAYLOAD.into(),
            sealed: None,
        };
        let stream = StreamId::new("car", id.clone());
        let append = Append {
            streams: vec![StreamAppend { stream, expected: 0, events: vec![event] }],
            metadata: Metadata { tenant: Some(ORGANIZATION.into()), ..Metadata::default() },
            ..Append::default()
        };
        Ok((id, self.log.append(append).await?.position))
    }

    /// So many per second, for ever.
    pub async fn steadily(&self, rate: f64) -> Outcome {
        let mut tasks: JoinSet<Outcome> = JoinSet::new();
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        let (began, mut sent) = (Instant::now(), 0);
        loop {
            tick.tick().await;
            while sent < due(began, rate) {
                let appending = self.clone();
                tasks.spawn(async move { appending.append().await.map(drop) });
                sent += 1;
            }
            while let Some(done) = tasks.try_join_next() {
                done??;
            }
        }
    }
}

/// How many should have been sent by now.
fn due(began: Instant, rate: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive count"
    )]
    let due = (began.elapsed().as_secs_f64() * rate) as u64;
    due
}

impl Parts {
    /// What the whole way sustains: appends per second of callers who each wait until theirs can be
    /// read. What is appended faster than it is carried only makes a queue longer.
    async fn sustained(&self, seconds: f64) -> Outcome<f64> {
        let parts = self.clone();
        let callers = CALLERS * 4;
        let way = load::run(callers, seconds, move |_, _| {
            let parts = parts.clone();
            async move { parts.one(true).await.map(drop) }
        })
        .await?;
        println!("{callers} callers who wait until they can read: {:.0} appends/s", way.rate);
        Ok(way.rate)
    }

    /// Appends at a steady rate, whether or not answers keep up, and follows some.
    async fn at(&self, rate: f64, seconds: f64) -> Outcome<(f64, Histogram<u64>)> {
        let mut times = Histogram::new_with_max(60_000_000, 3)?;
        let mut tasks: JoinSet<Outcome<Option<Duration>>> = JoinSet::new();
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        let (began, mut sent) = (Instant::now(), 0_u64);
        while began.elapsed().as_secs_f64() < seconds {
            tick.tick().await;
            while sent < due(began, rate) {
                let (parts, follow) = (self.clone(), sent.is_multiple_of(SAMPLE));
                tasks.spawn(async move { parts.one(follow).await });
                sent += 1;
            }
            while let Some(done) = tasks.try_join_next() {
                record(&mut times, done??)?;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
        let reached = sent as f64 / began.elapsed().as_secs_f64();
        while let Some(done) = tasks.join_next().await {
            record(&mut times, done??)?;
        }
        Ok((reached, times))
    }

    async fn one(&self, follow: bool) -> Outcome<Option<Duration>> {
        let began = Instant::now();
        let (id, position) = self.appending.append().await?;
        if !follow {
            return Ok(None);
        }
        if !self.progress.reached(&[CARS], position, LIMIT).await {
            return Err("a read model fell too far behind".into());
        }
        let organization = OrganizationId::parse(ORGANIZATION)?;
        let car = self.reads.car(&organization, &CarId::parse(&id)?).await?;
        car.ok_or("what the read model reached can't be read")?;
        Ok(Some(began.elapsed()))
    }
}

fn record(times: &mut Histogram<u64>, took: Option<Duration>) -> Outcome {
    if let Some(took) = took {
        times.saturating_record(u64::try_from(took.as_micros())?);
    }
    Ok(())
}
