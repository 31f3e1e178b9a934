//! A client of the broker that repeats what is published there: late, out of order and more than
//! once; that publishes what nobody signed, and deletes queues of work with all that is in them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use application::ports::WorkQueue;
use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    message::Delivery,
    options::{
        BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions,
        QueueDeleteOptions, QueuePurgeOptions,
    },
    types::{AMQPValue, FieldTable, ShortString},
};

use crate::random::Random;

const EVENTS: &str = "domain_events";
/// Marks our own, in a property that is not signed.
const MARK: &str = "meddler";
/// While the broker is away.
const PAUSE: Duration = Duration::from_millis(200);
/// So many messages are held back until they come again in another order.
const HELD: (u64, u64) = (10, 200);

/// What it published.
#[derive(Debug, Default)]
pub struct Meddled {
    /// Copies of messages, at once or late.
    pub repeated: AtomicU64,
    /// Messages with a wrong signature.
    pub forged: AtomicU64,
    /// Queues of work that were deleted or emptied.
    pub wiped: AtomicU64,
}

/// One client.
pub struct Meddler {
    url: String,
    random: Random,
    held: Vec<Delivery>,
    until: u64,
    meddled: Arc<Meddled>,
}

impl Meddler {
    /// A client of a broker.
    pub fn new(url: String, seed: u64, meddled: Arc<Meddled>) -> Self {
        Self { url, random: Random::new(!seed), held: vec![], until: HELD.0, meddled }
    }

    /// Meddles for ever. The broker may be away, and then what is held back comes after it was
    /// killed.
    pub async fn work(mut self) {
        loop {
            // However it ends, the next connection goes on.
            let _ = self.meddle().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn meddle(&mut self) -> lapin::Result<()> {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let options =
            QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
        let bind = QueueBindOptions::default();
        let name = queue.name().clone();
        channel
            .queue_bind(name.clone(), EVENTS.into(), "#".into(), bind, FieldTable::default())
            .await?;
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let mut deliveries =
            channel.basic_consume(name, MARK.into(), options, FieldTable::default()).await?;
        while let Some(delivery) = deliveries.next().await {
            let delivery = delivery?;
            if delivery.properties.app_id().as_ref().map(ShortString::as_str) != Some(MARK) {
                self.repeat(&channel, delivery).await?;
            }
        }
        Ok(())
    }

    /// Some at once, some when there are enough of them, and forgeries of others.
    async fn repeat(&mut self, channel: &Channel, delivery: Delivery) -> lapin::Result<()> {
        match self.random.between(0, 8) {
            0 => {
                for _ in 0..self.random.between(1, 4) {
                    self.again(channel, &delivery).await?;
                }
            }
            1 => self.forge(channel, &delivery).await?,
            2 | 3 => self.held.push(delivery),
            _ => {}
        }
        if self.held.len() as u64 >= self.until {
            self.until = self.random.between(HELD.0, HELD.1);
            while !self.held.is_empty() {
                let pick = self.random.below(self.held.len());
                let delivery = self.held.swap_remove(pick);
                self.again(channel, &delivery).await?;
            }
            self.wipe(channel).await?;
        }
        Ok(())
    }

    async fn again(&self, channel: &Channel, delivery: &Delivery) -> lapin::Result<()> {
        self.meddled.repeated.fetch_add(1, Ordering::Relaxed);
        let (key, properties) = (delivery.routing_key.clone(), delivery.properties.clone());
        publish(channel, key, properties, &delivery.data).await
    }

    /// What is in the queue has to come from somewhere else.
    async fn wipe(&mut self, channel: &Channel) -> lapin::Result<()> {
        let pick = self.random.below(WorkQueue::ALL.len());
        let name: ShortString = WorkQueue::ALL.get(pick).map_or("", |queue| queue.name()).into();
        if self.random.between(0, 2) == 0 {
            channel.queue_purge(name, QueuePurgeOptions::default()).await?;
        } else {
            channel.queue_delete(name, QueueDeleteOptions::default()).await?;
        }
        self.meddled.wiped.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Says something else than what was signed.
    async fn forge(&mut self, channel: &Channel, delivery: &Delivery) -> lapin::Result<()> {
        self.meddled.forged.fetch_add(1, Ordering::Relaxed);
        let mut headers = delivery.properties.headers().clone().unwrap_or_default();
        let mut body = delivery.data.clone();
        let pick = self.random.between(0, 4);
        match pick {
            0 => body.extend_from_slice(b" "),
            1 => {
                let number = |table: &FieldTable, name: &str| match table.inner().get(name) {
                    Some(AMQPValue::LongLongInt(number)) => *number,
                    _ => 0,
                };
                // As if everything in between had not happened.
                let position = number(&headers, "pos") + 1000;
                headers.insert("pos".into(), AMQPValue::LongLongInt(position));
            }
            2 => {
                let signature = format!("sha256={}", "0".repeat(64));
                headers.insert("X-HMAC-Signature".into(), AMQPValue::LongString(signature.into()));
            }
            _ => headers = FieldTable::default(),
        }
        let properties = delivery.properties.clone().with_headers(headers);
        publish(channel, delivery.routing_key.clone(), properties, &body).await
    }
}

async fn publish(
    channel: &Channel,
    key: ShortString,
    properties: BasicProperties,
    body: &[u8],
) -> lapin::Result<()> {
    let options = BasicPublishOptions::default();
    let properties = properties.with_app_id(MARK.into());
    channel.basic_publish(EVENTS.into(), key, options, body, properties).await.map(drop)
}
