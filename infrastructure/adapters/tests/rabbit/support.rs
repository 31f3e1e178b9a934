//! A place of one's own on the broker, a log to feed from, and consumers that follow.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex},
    time::Duration,
};

use adapters::{
    rabbit::{Fallback, Group, Publisher, RabbitFeeds, Settings, status},
    secret::Secret,
    signatures::Signatures,
};
use application::{
    Call,
    ports::{
        Announcement, Audited, Bus, Feed, Feeds as _, LogError, News, Page, Partition, Recorded,
        Recorder, Severity, StreamId, Wanted, WorkQueue,
    },
};
use async_trait::async_trait;
use domain::kernel::Timestamp;
use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    message::Delivery,
    options::{
        BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions,
        QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::FieldTable,
};
use serde_json::Value;
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

/// Long enough for everything that happens at all.
pub const LIMIT: Duration = Duration::from_secs(40);

/// Where the broker is.
pub fn url() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
    std::env::var("AMQP_URL").unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".into())
}

/// Queues and exchanges under a prefix that nobody else has; deleted at the end.
pub struct Place {
    pub settings: Settings,
    pub signatures: Arc<Signatures>,
    pub audits: Arc<Audits>,
}

/// What was audited: code and arguments.
#[derive(Default)]
pub struct Audits(Mutex<Vec<(&'static str, Vec<String>)>>);

impl Audits {
    pub fn all(&self) -> Vec<(&'static str, Vec<String>)> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Recorder for Audits {
    fn crash(&self, _: &Call, _: Severity, _: &'static str, _: &str) {}
    fn measure(&self, _: &Call, _: &str, _: &[(&str, Value)]) {}
    async fn flush(&self) {}
    fn usage(&self, _: &Call, _: &'static str, _: &[(&'static str, Value)]) {}
    async fn audit(&self, _: &Call, audit: Audited<'_>) -> application::Result<()> {
        let arguments = audit.arguments.iter().map(|text| (*text).to_owned());
        self.0.lock().unwrap().push((audit.code, arguments.collect()));
        Ok(())
    }
}

impl Place {
    pub async fn new() -> Self {
        Self::with(url(), Partition::ONE).await
    }
    pub async fn with(at: String, partition: Partition) -> Self {
        let url = url();
        if let Err(error) = connect(&url).await {
            panic!("these tests need RabbitMQ at AMQP_URL, by default {url}: {error}");
        }
        let prefix = format!("test{:016x}.", RandomState::new().build_hasher().finish());
        let signatures = Arc::new(Signatures::new(&Secret::new("a secret of tests")));
        let settings = Settings { url: Secret::new(at), prefix, partition };
        Self { settings, signatures, audits: Arc::default() }
    }
    pub fn publisher(&self) -> Publisher {
        Publisher::start(self.settings.clone(), self.signatures.clone())
    }
    /// Feeds of the first part, of which the fallback never knows to be ahead.
    pub fn feeds(&self, feed: Arc<dyn Feed>) -> RabbitFeeds {
        self.feeds_beside(Fallback { feed, head: watch::channel(0).1 })
    }
    /// Feeds of the first part.
    pub fn feeds_beside(&self, fallback: Fallback) -> RabbitFeeds {
        let group = Group::Projectors;
        let (settings, signatures) = (self.settings.clone(), self.signatures.clone());
        let recorder = self.audits.clone();
        let feeds = RabbitFeeds::start(settings, signatures, group, fallback, recorder);
        feeds.attach(0);
        feeds
    }
    pub fn queues(&self) -> Vec<String> {
        let mut names = vec![self.name("domain_events.unrouted")];
        for part in 0..self.settings.partition.parts() {
            for group in Group::ALL {
                names.push(self.name(&format!("domain_events.q{part}.{}.v1", group.name())));
            }
        }
        names.extend(WorkQueue::ALL.iter().map(|queue| self.name(queue.name())));
        names
    }
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }
    /// How many messages wait in a queue, once nobody consumes it any more.
    pub async fn left(&self, queue: &str) -> u32 {
        let name = self.name(queue);
        eventually("its consumers leave", async || {
            let status = status(&self.settings).await.expect("a status");
            let queue = status.queues.into_iter().find(|queue| queue.name == name);
            let counts = queue.expect("it is ours").counts.expect("it is there");
            (counts.consumers == 0).then_some(counts.ready)
        })
        .await
    }
    /// The first message of a queue, which stays in it.
    pub async fn message(&self, queue: &str) -> Delivery {
        let (channel, name) = (self.channel().await, self.name(queue).into());
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(name, "".into(), options, none).await;
        let delivery = timeout(LIMIT, consumer.expect("the queue is there").next()).await;
        delivery.expect("a message is there").expect("one").expect("delivered")
    }
    /// Publishes past the adapter.
    pub async fn publish(&self, exchange: &str, key: &str, of: BasicProperties, body: &[u8]) {
        let channel = self.channel().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        let options = BasicPublishOptions::default();
        let exchange = if exchange.is_empty() { String::new() } else { self.name(exchange) };
        let sent = channel.basic_publish(exchange.into(), key.into(), options, body, of).await;
        assert!(sent.expect("sent").await.expect("confirmed").is_ack());
    }
    /// A queue that gets what other systems are told.
    pub async fn listen(&self) {
        let channel = self.channel().await;
        let (queue, none) = (self.name("listener"), FieldTable::default());
        let plain = QueueDeclareOptions::default();
        channel.queue_declare(queue.clone().into(), plain, none.clone()).await.expect("declared");
        let (exchange, options) = (self.name("integration_events"), QueueBindOptions::default());
        let bound =
            channel.queue_bind(queue.into(), exchange.into(), "end_users.#".into(), options, none);
        bound.await.expect("bound");
    }
    /// Takes this many messages of it.
    pub async fn heard(&self, count: usize) -> Vec<Delivery> {
        let (channel, name) = (self.channel().await, self.name("listener").into());
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(name, "".into(), options, none).await;
        let deliveries = consumer.expect("the queue is there").take(count).collect::<Vec<_>>();
        let deliveries = timeout(LIMIT, deliveries).await.expect("all of them");
        deliveries.into_iter().map(|delivery| delivery.expect("delivered")).collect()
    }
    pub async fn channel(&self) -> Channel {
        let connection = connect(&url()).await.expect("a broker");
        let channel = connection.create_channel().await.expect("a channel");
        // The channel keeps what it needs of the connection.
        drop(connection);
        channel
    }
    /// As an operator who clears the broker.
    pub async fn delete_queues(&self) {
        self.delete(self.queues()).await;
    }
    /// As an operator who clears some of it.
    pub async fn delete(&self, queues: Vec<String>) {
        let connection = connect(&url()).await.expect("a broker");
        let channel = connection.create_channel().await.expect("a channel");
        for queue in queues {
            let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await;
            deleted.expect("deleted");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.queues();
        // Of a test that publishes as if there were another part.
        for group in Group::ALL {
            queues.push(self.name(&format!("domain_events.q1.{}.v1", group.name())));
        }
        queues.push(self.name("listener"));
        let exchanges = ["domain_events", "domain_events.unrouted", "integration_events"]
            .map(|name| self.name(name));
        let delete = async move {
            let connection = connect(&url()).await?;
            let channel = connection.create_channel().await?;
            for queue in queues {
                channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
            }
            for exchange in exchanges {
                channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await?;
            }
            connection.close(200, "done".into()).await
        };
        // A test that fails cleans up too, and outside of its own runtime.
        let cleaner = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(delete)
        });
        if !matches!(cleaner.join(), Ok(Ok(()))) {
            eprintln!("queues of {} may be left behind", self.settings.prefix);
        }
    }
}

/// Waits until there is something.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, wait).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// What the relay does: announces again what was not taken.
pub async fn insist(publisher: &Publisher, announcements: Vec<Announcement>) {
    let taken = async || publisher.announce(announcements.clone()).await.ok();
    eventually("the bus takes announcements", taken).await;
}

pub async fn connect(url: &str) -> lapin::Result<Connection> {
    Connection::connect(url, ConnectionProperties::default()).await
}

/// What consumers of these tests handle.
pub const CARS: Wanted = Wanted { part: 0, handles: &[("car", "registered")] };

/// An event; the position tells everything else of it.
pub fn event(position: u64) -> Recorded {
    Recorded {
        position,
        stream: StreamId::new("car", format!("car_{}", position % 7)),
        sequence: position / 7 + 1,
        event_id: Uuid::from_u128(u128::from(position)),
        name: "registered".to_owned(),
        version: 1,
        payload: format!(r#"{{"make":"Ḧonda \"{position}\"","year": 2024}}"#),
        metadata: r#"{"tenant": "org_1", "actor":"user_1", "correlation":"call \n 1"}"#.to_owned(),
        recorded_at: Timestamp::parse("2026-01-02T03:04:05.123456Z").expect("valid"),
    }
}

/// The events of a range as the relay announces them.
pub fn announced(positions: std::ops::RangeInclusive<u64>) -> Vec<Announcement> {
    positions.map(|position| announcement(position, Some(position - 1))).collect()
}

pub fn announcement(position: u64, previous: Option<u64>) -> Announcement {
    Announcement { part: 0, previous, news: News::Event(event(position)) }
}

pub fn quiet(previous: u64, through: u64) -> Announcement {
    Announcement { part: 0, previous: Some(previous), news: News::Quiet(through) }
}

/// A feed that never has anything.
pub struct Nothing;

#[async_trait]
impl Feed for Nothing {
    async fn next(&self, _: Wanted, _: u64, _: usize) -> Result<Page, LogError> {
        std::future::pending().await
    }
    async fn handled(&self, _: u16, _: u64) -> Result<(), LogError> {
        Ok(())
    }
}

/// A log with its own feed.
pub struct Log {
    head: watch::Sender<u64>,
    /// How often it was asked for what the bus did not tell.
    gaps: Mutex<Vec<(u64, u64)>>,
}

impl Log {
    pub fn new(head: u64) -> Arc<Self> {
        Arc::new(Self { head: watch::Sender::new(head), gaps: Mutex::new(Vec::new()) })
    }
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }
    pub fn append(&self, through: u64) {
        self.head.send_replace(through);
    }
    pub fn gaps(&self) -> Vec<(u64, u64)> {
        self.gaps.lock().expect("a list").clone()
    }
    fn read(&self, after: u64, max: usize) -> Vec<Recorded> {
        (after + 1..=*self.head.borrow()).take(max).map(event).collect()
    }
}

#[async_trait]
impl Feed for Log {
    async fn next(&self, _: Wanted, after: u64, max: usize) -> Result<Page, LogError> {
        let mut head = self.head.subscribe();
        head.wait_for(|head| *head > after).await.expect("it is open");
        let events = self.read(after, max);
        let last = events.last().expect("some");
        Ok(Page { after, through: last.position, at: Some(last.recorded_at), events })
    }
    async fn handled(&self, _: u16, _: u64) -> Result<(), LogError> {
        Ok(())
    }
}

/// A consumer as the engine is one: its checkpoint decides, and the log fills gaps.
pub struct Follower {
    feed: Arc<dyn Feed>,
    log: Arc<Log>,
    pub at: u64,
}

impl Follower {
    pub fn new(feed: Arc<dyn Feed>, log: &Arc<Log>, at: u64) -> Self {
        Self { feed, log: log.clone(), at }
    }
    /// Follows to a position; fails if anything is missing, double, out of order or changed.
    pub async fn reach(&mut self, position: u64) {
        let from = self.at;
        let all = async {
            while self.at < position {
                self.step().await;
            }
        };
        let reached = timeout(LIMIT, all).await;
        assert!(reached.is_ok(), "from {from} it got to {}, not to {position}", self.at);
    }
    async fn step(&mut self) {
        let page = self.feed.next(CARS, self.at, 100).await.expect("a page");
        let (events, through) = if page.after > self.at {
            let events = self.log.read(self.at, 100);
            let last = events.last().expect("the log has what the bus told").position;
            self.log.gaps.lock().expect("a list").push((self.at, page.after));
            (events, last)
        } else {
            (page.events, page.through)
        };
        let from = self.at;
        for got in events.into_iter().filter(|event| event.position > from) {
            assert_eq!(got, event(self.at + 1));
            self.at += 1;
        }
        self.at = self.at.max(through);
        self.feed.handled(0, self.at).await.expect("noted");
    }
}
