//! What RabbitMQ adds: how fast the relay is beside the broker's own limit, and how soon an append
//! can be read over it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::{
    clock::SystemClock,
    ids::RandomIds,
    rabbit::{Fallback, Group, Publisher, RabbitFeeds, Settings},
    recorder::QueueRecorder,
    secret::Secret,
    signatures::Signatures,
    usages::Nobody,
};
use application::{
    eventing::message::BusMessage,
    ports::{EventLog, Partition},
};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions,
        QueuePurgeOptions,
    },
};
use store::{
    consumers::LogFeed,
    relay::{self, Relay},
};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Outcome, databases, history,
    site::{On, Site},
};

/// Unconfirmed messages of the bare loop at most: as many as the relay has in one page.
const BATCH: usize = 500;
/// How long a relay may take.
const LIMIT: Duration = Duration::from_mins(5);

#[derive(clap::Args)]
pub struct Args {
    /// Events that are relayed.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// How often both are measured.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Relays a log, and publishes the same bodies in a bare loop, over the same two queues.
pub async fn run(args: Args) -> Outcome {
    let site = Site::open(On::Postgres, "relay").await?;
    let events = history::write(&site.log_db, args.events).await?;
    let log = site.log().await?;
    let broker = Broker::connect().await?;
    println!("\n{events} events over the two internal queues of one part, confirms awaited");
    for round in 1..=args.rounds {
        let bare = broker.bare(log.as_ref(), events).await?;
        broker.purge().await?;
        let relayed = broker.relay(&site, &log, events).await?;
        broker.purge().await?;
        println!(
            "round {round}: bare loop {bare:>7.0}/s, relay {relayed:>7.0}/s ({:.0} % of it)",
            relayed / bare * 100.0
        );
    }
    broker.clean().await?;
    drop(log);
    site.close().await
}

/// Names of one's own on the broker of `AMQP_URL`.
pub struct Broker {
    settings: Settings,
    signatures: Arc<Signatures>,
    channel: Channel,
    _connection: Connection,
}

/// A relay that runs until it is dropped.
pub struct Relaying {
    _stop: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Broker {
    /// Connects; what is declared later begins with a name that no other run has.
    pub async fn connect() -> Outcome<Self> {
        Self::through(&databases::broker()).await
    }

    /// The same, by another way.
    pub async fn through(url: &str) -> Outcome<Self> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let prefix = format!("bench{}.", std::process::id());
        let settings = Settings { url: Secret::new(url), prefix, partition: Partition::ONE };
        let signatures = Arc::new(Signatures::new(&Secret::new("the secret of the benchmark")));
        Ok(Self { settings, signatures, channel, _connection: connection })
    }

    /// Begins the names of this run.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.settings.prefix
    }

    /// The same broker, under names that begin otherwise, divided into so many parts.
    #[must_use]
    pub fn under(self, prefix: &str, parts: &str) -> Self {
        let partition = parts.parse().ok().and_then(Partition::new).unwrap_or(Partition::ONE);
        let settings = Settings { prefix: prefix.to_owned(), partition, ..self.settings };
        Self { settings, ..self }
    }

    /// Feeds for projections, which read the log while the broker is silent.
    #[must_use]
    pub fn feeds(&self, log: &Arc<dyn EventLog>) -> RabbitFeeds {
        let feed = Arc::new(LogFeed::new(log.clone(), Partition::ONE));
        let fallback = Fallback { head: feed.head(), feed };
        let (settings, signatures) = (self.settings.clone(), self.signatures.clone());
        let clock = Arc::new(SystemClock);
        let ids = Arc::new(RandomIds::new(clock.clone()));
        let recorder = QueueRecorder::new(log.clone(), clock, ids, "".into(), Arc::new(Nobody));
        let group = Group::Projectors;
        RabbitFeeds::start(settings, signatures, group, fallback, Arc::new(recorder))
    }

    /// Starts the relay of a log.
    #[must_use]
    pub fn start(&self, site: &Site, log: &Arc<dyn EventLog>) -> Relaying {
        let bus = Publisher::start(self.settings.clone(), self.signatures.clone());
        let relay = Relay {
            db: site.log_db.clone(),
            log: log.clone(),
            bus: Arc::new(bus),
            partition: Partition::ONE,
            clock: Arc::new(SystemClock),
        };
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(relay.run(stop.subscribe()));
        Relaying { _stop: stop, _tasks: tasks }
    }

    /// Events per second of a relay that begins at the first event.
    async fn relay(&self, site: &Site, log: &Arc<dyn EventLog>, events: u64) -> Outcome<f64> {
        let afresh = "INSERT INTO relays (name, position, epoch, beat, held, updated_at) \
             VALUES ('domain_events', 0, 0, 0, false, now()) \
             ON CONFLICT (name) DO UPDATE SET position = 0, held = false";
        site.log_db.execute(afresh, &[]).await?;
        let running = self.start(site, log);
        let mut first = None;
        let began = Instant::now();
        let rate = loop {
            let at = relay::standing(&site.log_db).await?.map_or(0, |standing| standing.position);
            // Connecting and taking the lease is not what is measured.
            if first.is_none() && at > 0 {
                first = Some((at, Instant::now()));
            }
            if let (Some((from, since)), true) = (first, at >= events) {
                break count(events - from) / since.elapsed().as_secs_f64();
            }
            if began.elapsed() > LIMIT {
                return Err("the relay did not get through in time".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        drop(running);
        Ok(rate)
    }

    /// Events per second of a loop that publishes the same bodies and awaits their confirms.
    async fn bare(&self, log: &dyn EventLog, events: u64) -> Outcome<f64> {
        let exchange = format!("{}domain_events", self.settings.prefix);
        self.declare().await?;
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let persistent = BasicProperties::default().with_delivery_mode(2);
        let mut bodies = Vec::new();
        let mut after = 0;
        while after < events {
            let page = log.read(after, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for event in &page {
                bodies.push(serde_json::to_vec(&BusMessage::of(event))?);
            }
        }
        let began = Instant::now();
        for batch in bodies.chunks(BATCH) {
            let mut confirms = Vec::with_capacity(batch.len());
            for body in batch {
                let (exchange, key) = (exchange.as_str().into(), "cars.created.v1.q0".into());
                let sent =
                    self.channel.basic_publish(exchange, key, options, body, persistent.clone());
                confirms.push(sent.await?);
            }
            for confirm in confirms {
                if !confirm.await?.is_ack() {
                    return Err("the broker refused a message".into());
                }
            }
        }
        Ok(count(u64::try_from(bodies.len())?) / began.elapsed().as_secs_f64())
    }

    /// Waits until exchange and queues are there, by having something published.
    async fn declare(&self) -> Outcome {
        use application::ports::Bus as _;
        let publisher = Publisher::start(self.settings.clone(), self.signatures.clone());
        Ok(publisher.announce(vec![]).await?)
    }

    async fn purge(&self) -> Outcome {
        for group in Group::ALL {
            let queue = format!("{}domain_events.q0.{}.v1", self.settings.prefix, group.name());
            self.channel.queue_purge(queue.into(), QueuePurgeOptions::default()).await?;
        }
        Ok(())
    }

    /// Removes everything of this run from the broker.
    pub async fn clean(self) -> Outcome {
        let status = adapters::rabbit::status(&self.settings).await?;
        // Not the one that it has: the line may have been cut meanwhile.
        let connection =
            Connection::connect(self.settings.url.expose(), ConnectionProperties::default())
                .await?;
        let channel = connection.create_channel().await?;
        for queue in status.queues {
            let name = queue.name.as_str().into();
            channel.queue_delete(name, QueueDeleteOptions::default()).await?;
        }
        for exchange in ["domain_events", "domain_events.unrouted", "integration_events"] {
            let name = format!("{}{exchange}", self.settings.prefix);
            channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
fn count(events: u64) -> f64 {
    events as f64
}
