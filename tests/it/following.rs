//! The program for outside consumers sees everything that happens, in order, whatever goes away.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use acceptance::{
    Database, Request,
    binary::{self, Environment, Process},
};
use lapin::{
    Channel, Connection, ConnectionProperties,
    options::{ExchangeDeleteOptions, QueueBindOptions, QueueDeleteOptions},
    types::FieldTable,
};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::honda;

const SECRET: &str = "a secret of queues and bus";
/// Long enough for everything that happens at all.
const LIMIT: Duration = Duration::from_mins(1);

/// A host with a place of its own on the broker.
struct Site {
    host: Process,
    environment: Environment,
    _database: Database,
    broker: String,
    prefix: String,
    client: Client,
    token: String,
}

impl Site {
    async fn start(folder: &Path) -> Self {
        let broker = xtask::variable("AMQP_URL")
            .unwrap_or_else(|| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned());
        drop(channel(&broker).await);
        let database = Database::create().await;
        let prefix = format!("follow_{}.", acceptance::unique());
        let environment = Environment::postgres(&database.url)
            .with("AMQP_URL", &broker)
            .with("GROUNDWORK_BUS_PREFIX", &prefix)
            .with("GROUNDWORK_HMAC_SECRET", SECRET)
            .with("GROUNDWORK_PARTS", "2");
        let client = Client::new();
        let mut host = Process::start(&environment, &folder.join("host"));
        host.ready(&client).await;
        let token = environment.run(&["ops", "tokens", "mint"]).unwrap().trim().to_owned();
        Self { host, environment, _database: database, broker, prefix, client, token }
    }

    /// Registers cars; the position of the last event.
    async fn cars(&self, count: usize) -> u64 {
        let mut position = 0;
        for _ in 0..count {
            let url = format!("{}/cars", self.host.url);
            let request = Request::new(&self.client, Method::POST, &url).bearer(&self.token);
            let answer = request.json(&honda()).send().await.expect(201);
            position = answer.header("consistency-token").parse().unwrap();
        }
        position
    }

    fn queue(&self) -> String {
        format!("{}follower", self.prefix)
    }

    async fn delete_queue(&self) {
        let channel = channel(&self.broker).await;
        let options = QueueDeleteOptions::default();
        channel.queue_delete(self.queue().into(), options).await.unwrap();
    }

    /// Lets no message through to the queue, or lets them through again.
    async fn bind_queue(&self, bound: bool) {
        let channel = channel(&self.broker).await;
        let (queue, none) = (self.queue().into(), FieldTable::default());
        let exchange = format!("{}domain_events", self.prefix).into();
        if bound {
            let options = QueueBindOptions::default();
            channel.queue_bind(queue, exchange, "#".into(), options, none).await.unwrap();
        } else {
            channel.queue_unbind(queue, exchange, "#".into(), none).await.unwrap();
        }
    }

    /// Waits until the relay has published up to a position.
    fn published(&self, position: u64) {
        let begun = Instant::now();
        loop {
            let relay = self.environment.run(&["ops", "relay", "status"]).unwrap();
            let at = relay.lines().last().and_then(|line| line.split_whitespace().nth(1));
            if at.and_then(|at| at.parse().ok()) >= Some(position) {
                return;
            }
            assert!(begun.elapsed() < LIMIT, "{position} is not published: {relay}");
        }
    }

    /// Leaves nothing on the broker.
    async fn finish(mut self) {
        let table = self.environment.run(&["ops", "bus", "status"]).unwrap();
        self.host.kill();
        let channel = channel(&self.broker).await;
        let names = table.lines().filter_map(|line| line.split_whitespace().next());
        let ours = names.filter(|name| name.starts_with(&self.prefix)).map(str::to_owned);
        for queue in ours.chain([self.queue()]) {
            channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        }
        for exchange in ["domain_events", "domain_events.unrouted"] {
            let name = format!("{}{exchange}", self.prefix);
            channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
        }
    }
}

async fn channel(url: &str) -> Channel {
    let connection = Connection::connect(url, ConnectionProperties::default()).await;
    let connection = connection.unwrap_or_else(|error| {
        panic!("this test needs RabbitMQ at AMQP_URL, by default {url}: {error}")
    });
    connection.create_channel().await.unwrap()
}

/// The program, and what it printed.
struct Follower {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Follower {
    fn start(site: &Site, folder: &Path, name: &str, arguments: &[&str]) -> Self {
        let [output, errors] = [folder.join(name), folder.join(format!("{name}.errors"))];
        let open =
            |path| -> File { OpenOptions::new().create(true).append(true).open(path).unwrap() };
        let child = Command::new(binary::example("follow_domain_events"))
            .args(arguments)
            .env("GROUNDWORK_BASE_URL", &site.host.url)
            .env("GROUNDWORK_HMAC_SECRET", SECRET)
            .env("AMQP_URL", &site.broker)
            .env("GROUNDWORK_BUS_PREFIX", &site.prefix)
            .env("FOLLOWER_QUEUE", site.queue())
            .env("FOLLOWER_POSITION", folder.join(format!("{name}.position")))
            .stdin(Stdio::null())
            .stdout(open(&output))
            .stderr(open(&errors))
            .spawn()
            .unwrap();
        Self { child, output, errors }
    }

    /// Waits until it has handled a position.
    async fn reaches(&self, position: u64) {
        let begun = Instant::now();
        while positions(&self.output).last().is_none_or(|last| *last < position) {
            let seen = positions(&self.output);
            let told = std::fs::read_to_string(&self.errors).unwrap();
            assert!(begun.elapsed() < LIMIT, "{position} is not reached: {seen:?} {told}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn kill(mut self) {
        self.child.kill().and_then(|()| self.child.wait()).unwrap();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The positions that were handled, as far as their lines are complete.
fn positions(output: &Path) -> Vec<u64> {
    let printed = std::fs::read_to_string(output).unwrap_or_default();
    let whole = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let position = |line: &str| -> u64 {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["message"]["event"]["data"].is_string(), "{line}");
        event["position"].as_u64().unwrap()
    };
    whole.lines().map(position).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_followed_in_order_from_any_position() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::start(folder.path()).await;
    let follow = |site: &Site| Follower::start(site, folder.path(), "first", &[]);

    // From the beginning, and then as it happens.
    site.cars(3).await;
    let follower = follow(&site);
    follower.reaches(site.cars(2).await).await;
    follower.reaches(site.cars(2).await).await;

    // A queue that is deleted while it follows takes messages along.
    site.delete_queue().await;
    follower.reaches(site.cars(3).await).await;

    // A crash, and what waits in the queue meanwhile.
    follower.kill();
    let position = site.cars(3).await;
    let follower = follow(&site);
    follower.reaches(position).await;

    // A queue that is deleted while nobody follows: a gap, which the next look shows.
    follower.kill();
    site.delete_queue().await;
    site.cars(2).await;
    let follower = follow(&site);
    follower.reaches(site.cars(1).await).await;

    // The API goes away and comes back.
    site.host.kill();
    site.host.start_again();
    site.host.ready(&site.client).await;
    let head = site.cars(2).await;
    follower.reaches(head).await;
    follower.kill();

    let mut seen = positions(&folder.path().join("first"));
    // What was handled just before a crash may come again right after it.
    seen.dedup();
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());

    // Another one begins in the middle.
    let from = (head / 2).to_string();
    let second = Follower::start(&site, folder.path(), "second", &["--from", &from]);
    second.reaches(head).await;
    second.kill();
    let seen = positions(&folder.path().join("second"));
    assert_eq!(seen, (head / 2 + 1..=head).collect::<Vec<_>>());
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_left_out_shows_in_the_position_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(folder.path()).await;
    let follower = Follower::start(&site, folder.path(), "first", &[]);
    follower.reaches(site.cars(1).await).await;

    // Nothing ends, and nobody is told: messages only don't arrive.
    site.bind_queue(false).await;
    let lost = site.cars(2).await;
    site.published(lost);
    site.bind_queue(true).await;
    let head = site.cars(1).await;
    follower.reaches(head).await;
    assert_eq!(positions(&follower.output), (1..=head).collect::<Vec<_>>());
    let told = std::fs::read_to_string(&follower.errors).unwrap();
    assert_eq!(told, "", "it never had to connect again");
    follower.kill();
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_the_relay_the_queues_and_what_was_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(folder.path()).await;
    let position = site.cars(1).await;
    let ops = |arguments: &[&str]| site.environment.run(&[&["ops"], arguments].concat()).unwrap();
    site.published(position);
    let relay = ops(&["relay", "status"]);
    assert!(relay.contains("held"), "{relay}");
    let bus = ops(&["bus", "status"]);
    for expected in ["RabbitMQ ", "relay ", "cars ", "domain_events.q1.projectors.v1", "audits "] {
        assert!(bus.contains(expected), "{expected}: {bus}");
    }

    site.finish().await;
}
