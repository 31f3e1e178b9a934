//! What a host of commands pays for having its events carried over RabbitMQ by others.

use std::time::{Duration, Instant};

use crate::{
    Outcome,
    bus::Broker,
    child::{Host, mint},
    databases,
    http_load::{self, Measured, Pace, request},
    site::{On, Site},
};

/// Connections, with one request in flight on each.
const CONNECTIONS: usize = 64;
/// Of what the whole way over the bus sustains.
const SHARE: f64 = 0.3;
/// The same if both are loaded at the same time, so that the cores have room for both.
const SHARE_OF_EACH: f64 = 0.15;
/// A worker that needs less than this share of a core has caught up.
const QUIET: f64 = 0.1;
/// How long that is looked at, and how long it may take.
const LOOK: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_mins(5);

#[derive(clap::Args)]
pub struct Args {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often both are measured, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// A host of commands and a worker beside it.
struct Pair {
    name: &'static str,
    site: Site,
    commands: Host,
    worker: Host,
    /// The caller does not wait for read models.
    request: Vec<u8>,
    /// The caller does.
    waiting: Vec<u8>,
}

/// Measures `POST /cars` of callers who don't wait for read models, at 30 % of what can be done over
/// the bus if they do wait: past that, broker and worker fall behind and take the cores away from
/// whoever is measured next. Then both at the same time: what else runs on the cores is the same for
/// both, so that what is left of the difference is the host's own.
pub async fn run(args: Args) -> Outcome {
    let broker = Broker::connect().await?;
    let amqp = databases::broker();
    let bus = [("AMQP_URL", amqp.as_str()), ("GROUNDWORK_BUS_PREFIX", broker.prefix())];
    let without = Pair::start("without a bus", "alone", &[]).await?;
    let with = Pair::start("over RabbitMQ", "carried", &bus).await?;
    let peak = with.load(args.seconds, Pace::Closed, &with.waiting).await?.per_second();
    let pace = Pace::PerSecond(peak * SHARE);
    println!("a host of commands and a worker on PostgreSQL; POST /cars, respond-async");
    println!("over RabbitMQ, callers who wait: {peak:.0}/s; at {:.0} % of it:", SHARE * 100.0);
    println!(
        "{:<16}{:>12}{:>10}{:>10}{:>18}",
        "", "answers/s", "p50 ms", "p99 ms", "CPU µs/command"
    );
    for _ in 0..args.rounds {
        for pair in [&without, &with] {
            without.settled().await?;
            with.settled().await?;
            pair.measure(args.seconds, pace).await?;
        }
    }
    println!("both at the same time, at {:.0} % each:", SHARE_OF_EACH * 100.0);
    let pace = Pace::PerSecond(peak * SHARE_OF_EACH);
    for _ in 0..args.rounds {
        without.settled().await?;
        with.settled().await?;
        tokio::try_join!(without.measure(args.seconds, pace), with.measure(args.seconds, pace))?;
    }
    without.stop().await?;
    with.stop().await?;
    broker.clean().await
}

impl Pair {
    async fn start(name: &'static str, what: &str, more: &[(&str, &str)]) -> Outcome<Self> {
        let site = Site::open(On::Postgres, what).await?;
        let database = site.url()?;
        let mut settings =
            vec![("DATABASE_URL", database.as_str()), ("GROUNDWORK_HTTP_RATE_PER_SECOND", "0")];
        settings.extend(more);
        let commands = Host::start_as("commands-process", &settings).await?;
        let delivers_to = format!("http://{}", commands.address());
        let mut of_worker = settings.clone();
        of_worker.push(("GROUNDWORK_API_URL", delivers_to.as_str()));
        let worker = Host::start_as("worker-process", &of_worker).await?;
        let body = r#"{"make":"Honda","model":"Civic","year":2020,"jurisdiction":"Australia","numberPlate":"ABC 123"}"#;
        let token = mint(&settings)?;
        let hurried = format!("{token}\r\nPrefer: respond-async");
        let [request, waiting] =
            [hurried, token].map(|token| request("POST", "/cars", Some(&token), Some(body)));
        Ok(Self { name, site, commands, worker, request, waiting })
    }

    async fn load(&self, seconds: u64, pace: Pace, request: &Vec<u8>) -> Outcome<Measured> {
        let (address, duration) = (self.commands.address(), Duration::from_secs(seconds));
        let requests = std::slice::from_ref(request);
        http_load::run(address, CONNECTIONS, duration, 201, pace, requests).await
    }

    /// Waits until the worker has caught up.
    async fn settled(&self) -> Outcome {
        let begun = Instant::now();
        loop {
            let before = self.worker.cpu()?;
            tokio::time::sleep(LOOK).await;
            let used = self.worker.cpu()?.saturating_sub(before);
            if used.as_secs_f64() < QUIET * LOOK.as_secs_f64() {
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                return Err(format!("the worker {} does not catch up", self.name).into());
            }
        }
    }

    async fn measure(&self, seconds: u64, pace: Pace) -> Outcome {
        let before = self.commands.cpu()?;
        let load = self.load(seconds, pace, &self.request).await?;
        let used = self.commands.cpu()?.saturating_sub(before);
        if let Some(refusal) = load.refusal {
            let body = String::from_utf8_lossy(&refusal.body);
            return Err(format!("{} were refused: {} {body}", load.bad, refusal.status).into());
        }
        println!(
            "{:<16}{:>12.0}{:>10.2}{:>10.2}{:>18.0}",
            self.name,
            load.per_second(),
            load.milliseconds(0.5),
            load.milliseconds(0.99),
            used.as_secs_f64() * 1e6 / f64::from(load.good),
        );
        Ok(())
    }

    async fn stop(self) -> Outcome {
        self.commands.stop()?;
        self.worker.stop()?;
        self.site.close().await
    }
}
