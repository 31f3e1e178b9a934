//! A place on RabbitMQ per test: a prefix that nobody else has, deleted at the end.

use std::{ops::Deref, time::Duration};

use adapters::{
    rabbit::{Settings, status},
    secret::Secret,
};
use application::ports::Partition;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    message::BasicGetMessage,
    options::{
        BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions,
        QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::FieldTable,
};

use crate::binary::Environment;

/// Where a test broker is unless `AMQP_URL` says otherwise.
const DEFAULT: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
/// Of the log: two, so that there is something to share.
const PARTS: u16 = 2;
/// For everything that is done here.
const LIMIT: Duration = Duration::from_secs(20);

/// A place whose exchanges and queues are deleted with this value, whoever uses them.
#[derive(Debug)]
pub struct Broker(Place);

/// A prefix on a broker.
#[derive(Clone, Debug)]
pub struct Place {
    url: String,
    prefix: String,
}

impl Broker {
    /// A place on the broker that `AMQP_URL` names. Nothing is declared there yet.
    #[must_use]
    pub fn place() -> Self {
        let url = xtask::variable("AMQP_URL").unwrap_or_else(|| DEFAULT.to_owned());
        Self(Place { url, prefix: format!("groundwork_test_{}.", crate::unique()) })
    }
}

impl Deref for Broker {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Place {
    /// Settings that use it.
    #[must_use]
    pub fn settings(&self, environment: Environment) -> Environment {
        environment
            .with("AMQP_URL", &self.url)
            .with("GROUNDWORK_BUS_PREFIX", &self.prefix)
            .with("GROUNDWORK_PARTS", &PARTS.to_string())
    }

    /// The broker's host and port.
    #[must_use]
    pub fn host(&self) -> String {
        xtask::rabbitmq::host_of(&self.url).unwrap_or_default()
    }

    /// The broker's URL, as it is reached through another address.
    #[must_use]
    pub fn url_at(&self, address: &str) -> String {
        self.url.replace(&self.host(), address)
    }

    /// The broker's URL, for another vhost.
    #[must_use]
    pub fn url_of_vhost(&self, vhost: &str) -> String {
        let server = self.url.rsplit_once('/').map_or(&*self.url, |(server, _)| server);
        format!("{server}/{vhost}")
    }

    /// Declares a queue of the product in another way than the product does.
    pub async fn declare_otherwise(&self, queue: &str) {
        let (connection, channel) = self.connect().await;
        let (options, nothing) = (QueueDeclareOptions::durable(), FieldTable::default());
        let declared = channel.queue_declare(self.name(queue).into(), options, nothing).await;
        declared.expect("declared");
        connection.close(200, "done".into()).await.expect("closed");
    }

    /// A name on the broker.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A connection and a channel on it.
    pub async fn connect(&self) -> (Connection, Channel) {
        let connected = Connection::connect(&self.url, ConnectionProperties::default()).await;
        let connection = connected.unwrap_or_else(|error| {
            let host = self.host();
            panic!(
                "Tests need RabbitMQ, and none lets them in at {host}: run `cargo xtask test`, \
                 which starts one, or set AMQP_URL. ({error})"
            )
        });
        let channel = connection.create_channel().await.expect("a channel");
        (connection, channel)
    }

    /// Waits for a message of a queue and loses it.
    pub async fn lose(&self, queue: &str) {
        let (connection, channel) = self.connect().await;
        let lost = tokio::time::timeout(LIMIT, async {
            let options = BasicGetOptions { no_ack: true };
            let get = async || channel.basic_get(self.name(queue).into(), options).await;
            while get().await.expect("a queue").is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        lost.await.expect("a message");
        connection.close(200, "done".into()).await.expect("closed");
    }

    /// Publishes past the product.
    pub async fn publish(&self, exchange: &str, key: &str, of: BasicProperties, body: &[u8]) {
        let (connection, channel) = self.connect().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        let (exchange, options) = (self.name(exchange), BasicPublishOptions::default());
        let sent = channel.basic_publish(exchange.into(), key.into(), options, body, of).await;
        assert!(sent.expect("sent").await.expect("confirmed").is_ack());
        connection.close(200, "done".into()).await.expect("closed");
    }

    /// A queue that gets a copy of every event, and of what other systems are told; its name.
    pub async fn listen(&self) -> String {
        let (connection, channel) = self.connect().await;
        let name = self.name("listener");
        let (plain, nothing) = (QueueDeclareOptions::default(), FieldTable::default());
        channel.queue_declare(name.clone().into(), plain, nothing.clone()).await.expect("declared");
        for exchange in ["domain_events", "integration_events"] {
            let (queue, exchange) = (name.clone().into(), self.name(exchange).into());
            let (options, nothing) = (QueueBindOptions::default(), nothing.clone());
            let bound = channel.queue_bind(queue, exchange, "#".into(), options, nothing);
            bound.await.expect("bound");
        }
        connection.close(200, "done".into()).await.expect("closed");
        name
    }

    /// What is in a queue, headers and body of each message as text.
    pub async fn read(&self, queue: &str) -> Vec<String> {
        let (_connection, channel) = self.connect().await;
        let mut all = vec![];
        let take = async || {
            let options = BasicGetOptions { no_ack: true };
            channel.basic_get(queue.into(), options).await.expect("a queue")
        };
        while let Some(BasicGetMessage { delivery, .. }) = take().await {
            let body = String::from_utf8_lossy(&delivery.data);
            all.push(format!("{} {:?} {body}", delivery.routing_key, delivery.properties));
        }
        all
    }

    /// As an operator who clears the broker.
    pub async fn delete_queues(&self) {
        let names = self.queues().await.expect("the broker answers");
        let (connection, channel) = self.connect().await;
        for name in names {
            let deleted = channel.queue_delete(name.into(), QueueDeleteOptions::default()).await;
            deleted.expect("deleted");
        }
        connection.close(200, "done".into()).await.expect("closed");
    }

    /// Queues that are there.
    ///
    /// # Errors
    /// If the broker can't be asked.
    pub async fn queues(&self) -> Result<Vec<String>, String> {
        let partition = Partition::new(PARTS).ok_or("no such partition")?;
        let (url, prefix) = (Secret::new(&self.url), self.prefix.clone());
        let seen = status(&Settings { url, prefix, partition }).await;
        let there = |queues: Vec<adapters::rabbit::QueueStatus>| {
            let declared = queues.into_iter().filter(|queue| queue.counts.is_some());
            declared.map(|queue| queue.name).collect()
        };
        seen.map(|status| there(status.queues)).map_err(|error| error.to_string())
    }

    async fn clear(&self) -> Result<(), String> {
        let mut queues = self.queues().await?;
        queues.push(self.name("listener"));
        let failed = |error: lapin::Error| error.to_string();
        let properties = ConnectionProperties::default();
        let connection = Connection::connect(&self.url, properties).await.map_err(failed)?;
        let channel = connection.create_channel().await.map_err(failed)?;
        for queue in queues {
            let options = QueueDeleteOptions::default();
            channel.queue_delete(queue.into(), options).await.map_err(failed)?;
        }
        for exchange in ["domain_events", "domain_events.unrouted", "integration_events"] {
            let (name, options) = (self.name(exchange), ExchangeDeleteOptions::default());
            channel.exchange_delete(name.into(), options).await.map_err(failed)?;
        }
        connection.close(200, "done".into()).await.map_err(failed)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let place = self.0.clone();
        // Dropping is not async: a thread with a runtime of its own does it, also while panicking.
        let cleared = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let clear = async { tokio::time::timeout(LIMIT, place.clear()).await };
            runtime.expect("a runtime").block_on(clear)
        });
        if !matches!(cleared.join(), Ok(Ok(Ok(())))) {
            eprintln!("queues of {} may be left over", self.prefix);
        }
    }
}
