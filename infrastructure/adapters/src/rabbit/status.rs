//! How the broker stands, for operators.

use application::ports::BusError;
use lapin::{
    options::QueueDeclareOptions,
    types::{FieldTable, ShortString},
};

use super::{Settings, address::Address, session};

/// What the broker tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Of RabbitMQ, for example `3.10.8`.
    pub version: String,
    /// All that should be there.
    pub queues: Vec<QueueStatus>,
}

/// See [`Status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// Its name, prefix included. Messages in `domain_events.unrouted` mean that the queues of a
    /// part were missing when they were published.
    pub name: String,
    /// `None` if the queue is missing; the next process that connects declares it.
    pub counts: Option<Counts>,
}

/// See [`QueueStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Messages that wait for a consumer.
    pub ready: u32,
    /// Consumers, of which one gets the messages of a part.
    pub consumers: u32,
}

/// Looks, and changes nothing.
///
/// # Errors
/// [`BusError`] if the broker can't be asked.
pub async fn status(settings: &Settings) -> Result<Status, BusError> {
    let address = Address::of(&settings.url, &settings.prefix)?;
    let session = session::open(settings, "status", false).await?;
    let ask = async {
        let mut queues = Vec::new();
        let mut channel = session.connection.create_channel().await?;
        for name in session.names.queues(settings.partition) {
            let counts = match count(&channel, &name).await {
                Ok(counts) => Some(counts),
                // The broker closes a channel that asks for what is not there.
                Err(error) if error.is_amqp_soft_error() => {
                    channel = session.connection.create_channel().await?;
                    None
                }
                Err(error) => return Err(error),
            };
            queues.push(QueueStatus { name: name.to_string(), counts });
        }
        Ok(Status { version: session.version.as_str().to_owned(), queues })
    };
    let asked = tokio::time::timeout(session::CONNECT, ask).await;
    let late = || address.unreachable(&"no answer in time");
    asked.map_err(|_| late())?.map_err(|error| address.explain(&error))
}

/// Of a queue that is there.
pub(super) async fn count(channel: &lapin::Channel, name: &ShortString) -> lapin::Result<Counts> {
    let options = QueueDeclareOptions::durable().passive();
    let queue = channel.queue_declare(name.clone(), options, FieldTable::default()).await?;
    Ok(Counts { ready: queue.message_count(), consumers: queue.consumer_count() })
}
