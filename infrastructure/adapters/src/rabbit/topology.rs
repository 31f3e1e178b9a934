//! Every exchange and queue, declared before anything is published or consumed.
//!
//! Arguments of a queue can't be changed: names of internal queues end in a topology version, and a
//! change declares the next one.

use application::ports::{Partition, WorkQueue};
use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{feed::Group, greeting::Version};

/// Messages that wait for consumers who are away; the oldest go first, which is no loss: whoever
/// misses them reads the log.
const BEHIND: i32 = 200_000;
/// How many messages that nobody is bound for are kept to be looked at.
const UNROUTED: i32 = 10_000;

/// The names of what is ours on the broker.
#[derive(Clone)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// The prefix has at most 100 bytes: see [`super::address::Address::of`].
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }
    pub fn events(&self) -> ShortString {
        self.named("domain_events")
    }
    /// An exchange and a queue: where events go that no queue is bound for.
    pub fn unrouted(&self) -> ShortString {
        self.named("domain_events.unrouted")
    }
    /// An exchange: what other systems are told.
    pub fn integration(&self) -> ShortString {
        self.named("integration_events")
    }
    pub fn group(&self, group: Group, part: u16) -> ShortString {
        self.named(&format!("domain_events.q{part}.{}.v1", group.name()))
    }
    pub fn work(&self, queue: WorkQueue) -> ShortString {
        self.named(queue.name())
    }
    pub fn all_work(&self) -> Vec<ShortString> {
        WorkQueue::ALL.iter().map(|queue| self.work(*queue)).collect()
    }
    /// Every queue.
    pub fn queues(&self, partition: Partition) -> Vec<ShortString> {
        let mut names = vec![self.unrouted()];
        for part in 0..partition.parts() {
            names.extend(Group::ALL.iter().map(|group| self.group(*group, part)));
        }
        names.extend(self.all_work());
        names
    }
    fn named(&self, name: &str) -> ShortString {
        // Cut rather than panic; it can't be longer, since the prefix is checked.
        let name: String = format!("{}{name}", self.prefix).chars().take(255).collect();
        ShortString::try_new(name).unwrap_or_default()
    }
}

/// Declares all of it; what is there already is left as it is.
pub(super) async fn declare(
    channel: &Channel,
    names: &Names,
    partition: Partition,
    version: &Version,
) -> lapin::Result<()> {
    let unlimited = if version.limits_deliveries() {
        vec![("x-delivery-limit", AMQPValue::LongInt(-1))]
    } else {
        vec![]
    };
    let quorum = |more: &[(&'static str, AMQPValue)]| {
        let kind = ("x-queue-type", AMQPValue::LongString("quorum".into()));
        table([kind].into_iter().chain(more.iter().cloned()))
    };
    let queue = async |name: ShortString, arguments: FieldTable| {
        channel.queue_declare(name, QueueDeclareOptions::durable(), arguments).await
    };

    exchange(channel, names.unrouted(), ExchangeKind::Fanout, FieldTable::default()).await?;
    queue(names.unrouted(), quorum(&[("x-max-length", AMQPValue::LongInt(UNROUTED))])).await?;
    bind(channel, names.unrouted(), names.unrouted(), "").await?;

    let alternate = ("alternate-exchange", AMQPValue::LongString(names.unrouted().as_str().into()));
    exchange(channel, names.events(), ExchangeKind::Topic, table([alternate])).await?;
    // Where nobody listens to it, nothing is missed.
    exchange(channel, names.integration(), ExchangeKind::Topic, FieldTable::default()).await?;
    for part in 0..partition.parts() {
        for group in Group::ALL {
            let mut arguments = unlimited.clone();
            arguments.push(("x-single-active-consumer", AMQPValue::Boolean(true)));
            arguments.push(("x-max-length", AMQPValue::LongInt(BEHIND)));
            queue(names.group(*group, part), quorum(&arguments)).await?;
            bind(channel, names.group(*group, part), names.events(), &format!("#.q{part}")).await?;
        }
    }

    for work in names.all_work() {
        queue(work, quorum(&[])).await?;
    }
    Ok(())
}

async fn exchange(
    channel: &Channel,
    name: ShortString,
    kind: ExchangeKind,
    arguments: FieldTable,
) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(name, kind, durable, arguments).await
}

async fn bind(
    channel: &Channel,
    queue: ShortString,
    exchange: ShortString,
    key: &str,
) -> lapin::Result<()> {
    let options = QueueBindOptions::default();
    channel.queue_bind(queue, exchange, key.into(), options, FieldTable::default()).await
}

fn table(entries: impl IntoIterator<Item = (&'static str, AMQPValue)>) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert(name.into(), value);
    }
    table
}
