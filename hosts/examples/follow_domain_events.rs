//! A program outside the product that follows everything that happens in it, in order, and forgets
//! nothing. Take it as the beginning of your own.
//!
//!     cargo run -p hosts --example follow_domain_events
//!
//! prints every event as a line of JSON. `--from 120` begins after position 120, if there is no file
//! with a position yet. It is set up by the environment:
//!
//! | variable | default | |
//! |---|---|---|
//! | `GROUNDWORK_HMAC_SECRET` | none | the secret of queues and bus, as the product has it |
//! | `GROUNDWORK_BASE_URL` | `http://127.0.0.1:5001` | where the API is |
//! | `AMQP_URL` | `amqp://guest:guest@127.0.0.1:5672/%2f` | where the broker is |
//! | `GROUNDWORK_BUS_PREFIX` | none | as the product has it |
//! | `FOLLOWER_QUEUE` | `follower` | the queue that it binds; each follower has its own |
//! | `FOLLOWER_POSITION` | `follower.position` | the file that keeps how far it is |
//!
//! How it works: the log of the product is dense, positions are 1, 2, 3 and so on. So whoever knows
//! the last position that it handled knows what comes next, and whether a message was lost on the
//! way. The bus only brings the next event soon; whenever a message is not the one after the last,
//! the events between are read over HTTP. The broker may therefore repeat, lose queues, or be away.
//!
//! An event may come twice, if the program ends between the effect and its note of the position. Who
//! keeps effects in a database keeps the position there, in the same transaction, instead of a file.
#![expect(clippy::disallowed_methods, reason = "an example reads its settings where it begins")]

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::hmac;
use futures_util::StreamExt as _;
use lapin::{
    Connection, ConnectionProperties, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable, ShortString},
    uri::AMQPUri,
};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Messages that the broker sends ahead.
const AHEAD: u16 = 100;
/// Messages that wait while this program is away; older ones are read over HTTP.
const BEHIND: i32 = 100_000;
/// Seconds between two signs of life of the connection.
const HEARTBEAT: u16 = 5;
/// The pause before what failed is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The headers of a message that are signed, in the order in which they are.
const SIGNED: [&str; 10] =
    ["meta", "part", "partial", "parts", "pos", "prev", "queue", "seq", "stream", "ver"];

// One thread: nothing is to be done beside handling events in order.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let mut follower = Follower::new()?;
    loop {
        // The broker, the API or the network is away, or the queue was deleted: all the same.
        if let Err(error) = follower.follow().await {
            eprintln!("at position {}: {error}", follower.position);
        }
        tokio::time::sleep(PAUSE).await;
        // Without the broker it goes on, only slower.
        if let Err(error) = follower.catch_up().await {
            eprintln!("at position {}: {error}", follower.position);
        }
    }
}

struct Follower {
    api: String,
    broker: String,
    prefix: String,
    queue: String,
    file: PathBuf,
    key: hmac::Key,
    http: reqwest::Client,
    /// The last position that was handled.
    position: u64,
}

/// What a message of the bus says.
enum News {
    /// This happened, at this position.
    Event(u64, Value),
    /// There are events up to this position, which are not in the message.
    Through(u64),
}

impl Follower {
    fn new() -> Outcome<Self> {
        let setting = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
        let secret = env::var("GROUNDWORK_HMAC_SECRET")
            .map_err(|_| "GROUNDWORK_HMAC_SECRET is missing: the product knows us by it")?;
        let file = PathBuf::from(setting("FOLLOWER_POSITION", "follower.position"));
        let position = match read_position(&file)? {
            Some(position) => position,
            None => begin(env::args().skip(1))?,
        };
        Ok(Self {
            api: setting("GROUNDWORK_BASE_URL", "http://127.0.0.1:5001"),
            broker: setting("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f"),
            prefix: setting("GROUNDWORK_BUS_PREFIX", ""),
            queue: setting("FOLLOWER_QUEUE", "follower"),
            file,
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            http: reqwest::Client::builder().timeout(LIMIT).build()?,
            position,
        })
    }

    /// Follows the bus until something fails.
    async fn follow(&mut self) -> Outcome<()> {
        // The queue first: what happens while the past is read waits in it.
        let (_connection, mut deliveries) = self.bind().await?;
        self.catch_up().await?;
        while let Some(delivery) = deliveries.next().await {
            let delivery = delivery?;
            match self.read(&delivery) {
                Some(News::Event(position, message)) if position == self.position + 1 => {
                    handle(position, &message)?;
                    self.keep(position)?;
                }
                // What is known already is a repetition. Anything further is a gap.
                Some(News::Event(position, _) | News::Through(position)) => {
                    if position > self.position {
                        self.catch_up().await?;
                    }
                }
                None => eprintln!("a message that the product did not sign was dropped"),
            }
            delivery.ack(BasicAckOptions::default()).await?;
        }
        Err("the broker ended the consumer, as when its queue is deleted".into())
    }

    /// Declares the queue and binds it to everything that happens.
    async fn bind(&self) -> Outcome<(Connection, Consumer)> {
        let mut uri: AMQPUri = self.broker.parse()?;
        // Otherwise a broker that is cut off looks like one that has nothing to tell.
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(BEHIND));
        // A second instance stands by: two at once would handle events out of order.
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
        let queue: ShortString = self.queue.as_str().into();
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.clone(), durable, arguments).await?;
        let (exchange, all) = (format!("{}domain_events", self.prefix), "#".into());
        let (options, none) = (QueueBindOptions::default(), FieldTable::default());
        channel.queue_bind(queue.clone(), exchange.into(), all, options, none).await?;
        channel.basic_qos(AHEAD, BasicQosOptions::default()).await?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let deliveries = channel.basic_consume(queue, "".into(), options, none).await?;
        Ok((connection, deliveries))
    }

    /// Handles everything after the position that the API knows.
    async fn catch_up(&mut self) -> Outcome<()> {
        loop {
            let url = format!("{}/domain_events?after={}&limit=1000", self.api, self.position);
            // A request without a body is signed as `{}`.
            let request = self.http.get(url).header("X-HMAC-Signature", self.sign(b"{}"));
            let answer = request.send().await?.error_for_status()?;
            let page: Value = serde_json::from_str(&answer.text().await?)?;
            let events = page["events"].as_array().ok_or("the API answers something else")?;
            for event in events {
                let position = event["position"].as_u64().ok_or("an event has no position")?;
                if position != self.position + 1 {
                    return Err(format!("the API goes on at {position}").into());
                }
                handle(position, &event["message"])?;
                self.keep(position)?;
            }
            if events.is_empty() || page["head"].as_u64().is_none_or(|head| head <= self.position) {
                return Ok(());
            }
        }
    }

    /// Reads a message; `None` if the product did not sign it.
    fn read(&self, delivery: &Delivery) -> Option<News> {
        let properties = &delivery.properties;
        let headers = properties.headers().as_ref()?.inner();
        let kind = properties.kind().as_ref()?.as_str();
        let id = properties.message_id().as_ref()?.as_str();
        // Each text stands behind its length, so that nothing can be moved from one to another.
        let mut signed = format!("message\n{}:{kind}\n{}:{id}\n", kind.len(), id.len());
        for name in SIGNED {
            match headers.get(name) {
                None => {}
                Some(AMQPValue::LongString(text)) => {
                    let text = str::from_utf8(text.as_bytes()).ok()?;
                    writeln!(signed, "{name}:{}:{text}", text.len()).ok()?;
                }
                Some(AMQPValue::LongLongInt(number)) => {
                    writeln!(signed, "{name}={number}").ok()?;
                }
                Some(_) => return None,
            }
        }
        signed.push('\n');
        let mut signed = signed.into_bytes();
        signed.extend_from_slice(&delivery.data);
        let Some(AMQPValue::LongString(signature)) = headers.get("X-HMAC-Signature") else {
            return None;
        };
        if !self.is_signature(signature.as_bytes(), &signed) {
            return None;
        }
        let Some(AMQPValue::LongLongInt(position)) = headers.get("pos") else { return None };
        let position = u64::try_from(*position).ok()?;
        // A large event comes without its payload; a watermark tells only how far the log is.
        if headers.contains_key("partial") || kind == "_watermark" {
            return Some(News::Through(position));
        }
        Some(News::Event(position, serde_json::from_slice(&delivery.data).ok()?))
    }

    fn sign(&self, text: &[u8]) -> String {
        let mut signature = "sha256=".to_owned();
        for byte in hmac::sign(&self.key, text).as_ref() {
            // Writing to a string can't fail.
            let _ = write!(signature, "{byte:02x}");
        }
        signature
    }

    fn is_signature(&self, sent: &[u8], text: &[u8]) -> bool {
        let digits = str::from_utf8(sent).ok().and_then(|sent| sent.strip_prefix("sha256="));
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        let tag = digits.and_then(|digits| digits.as_bytes().chunks(2).map(byte).collect());
        // It takes the same time wherever they differ.
        tag.is_some_and(|tag: Vec<u8>| hmac::verify(&self.key, text, &tag).is_ok())
    }

    /// Notes that everything up to a position was handled. The file is either the old or the new
    /// one, whenever the power fails.
    fn keep(&mut self, position: u64) -> Outcome<()> {
        let new = self.file.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(position.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.file)?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        self.position = position;
        Ok(())
    }
}

/// What this program is there for: put yours here. It sees every event once, in order, and once more
/// after an error or a crash. An event that it can't handle stops it, visibly; one that does not
/// matter to it returns.
fn handle(position: u64, message: &Value) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", json!({ "position": position, "message": message }))?;
    out.flush()?;
    Ok(())
}

fn read_position(file: &Path) -> Outcome<Option<u64>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().parse()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// After which position it begins: `--from`, or before the first event.
fn begin(mut arguments: impl Iterator<Item = String>) -> Outcome<u64> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(0),
        (Some("--from"), Some(position)) => Ok(position.parse()?),
        _ => Err("the only argument is --from <position>".into()),
    }
}
