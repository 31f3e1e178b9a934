//! Publishes, and reports success only for what the broker has confirmed.

use std::{convert::Infallible, sync::Arc};

use application::ports::{Announcement, Bus, BusError, DueWork, Partition, WorkQueue};
use async_trait::async_trait;
use futures_util::future::{maybe_done, poll_immediate};
use lapin::{
    Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::sync::Mutex;

use super::{
    Settings,
    line::{Lays, Lines, unavailable},
    session::Session,
    status::count,
    topology::Names,
    wire::{self, Outgoing},
};
use crate::signatures::Signatures;

/// The bus of the relay. Announcements may overlap: a later one is sent while an earlier one waits
/// for its confirms, in the order in which they were called.
pub struct Publisher {
    names: Names,
    partition: Partition,
    signatures: Arc<Signatures>,
    events: Lines<Events>,
    /// Another connection: what happens to work must not end the announcement of events.
    work: Lines<Mutex<Channel>>,
}

struct Events {
    channel: Channel,
    turn: Mutex<()>,
}

impl Publisher {
    /// Begins to connect, and keeps connecting. Until the first attempt is over, calls wait; while
    /// the broker is away, they fail at once.
    #[must_use]
    pub fn start(settings: Settings, signatures: Arc<Signatures>) -> Self {
        let names = Names::new(&settings.prefix);
        let partition = settings.partition;
        let events = Lines::start(settings.clone(), Announces);
        let work = Lines::start(settings, Enqueues);
        Self { names, partition, signatures, events, work }
    }
}

#[async_trait]
impl Bus for Publisher {
    async fn announce(&self, announcements: Vec<Announcement>) -> Result<(), BusError> {
        let mut messages = Vec::with_capacity(announcements.len());
        for one in &announcements {
            let message = wire::announce(one, self.partition, &self.signatures)?;
            messages.push(Outgoing { exchange: self.names.events(), ..message });
            if let Some(message) = wire::translated(one, &self.signatures)? {
                messages.push(Outgoing { exchange: self.names.integration(), ..message });
            }
        }
        let line = self.events.line().await?;
        let Events { channel, turn } = &line.laid;
        line.within(async {
            // The lock is fair, so that calls keep their order.
            let turn = turn.lock().await;
            publish(channel, &messages, turn).await
        })
        .await
    }

    async fn enqueue(&self, work: Vec<DueWork>) -> Result<(), BusError> {
        let mut messages = Vec::with_capacity(work.len());
        for one in &work {
            let key = self.names.work(one.message.queue);
            messages.push(Outgoing { key, ..wire::work(one, &self.signatures)? });
        }
        let line = self.work.line().await?;
        line.within(async {
            // One call at a time: a message that is returned comes with the confirm of any.
            let channel = line.laid.lock().await;
            publish(&channel, &messages, ()).await
        })
        .await
    }

    async fn holds(&self, queue: WorkQueue) -> Result<u64, BusError> {
        let line = self.work.line().await?;
        line.within(async {
            let channel = line.laid.lock().await;
            let counts = count(&channel, &self.names.work(queue)).await;
            counts
                .map(|counts| counts.ready.into())
                .map_err(|error| unavailable(&error.to_string()))
        })
        .await
    }
}

struct Announces;

impl Lays for Announces {
    const NAME: &'static str = "publisher";
    type Line = Events;

    async fn lay(&self, session: &Session) -> lapin::Result<Events> {
        Ok(Events { channel: confirming(session).await?, turn: Mutex::new(()) })
    }
    async fn tend(_: &Events) -> lapin::Result<Infallible> {
        std::future::pending().await
    }
}

struct Enqueues;

impl Lays for Enqueues {
    const NAME: &'static str = "queues";
    type Line = Mutex<Channel>;

    async fn lay(&self, session: &Session) -> lapin::Result<Mutex<Channel>> {
        Ok(Mutex::new(confirming(session).await?))
    }
    async fn tend(_: &Mutex<Channel>) -> lapin::Result<Infallible> {
        std::future::pending().await
    }
}

/// A channel on which the broker confirms what is published.
async fn confirming(session: &Session) -> lapin::Result<Channel> {
    let channel = session.connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// Publishes in order on a channel that confirms, and waits for all confirms. `turn` is dropped as
/// soon as nothing can come between these messages any more.
async fn publish<T>(channel: &Channel, messages: &[Outgoing], turn: T) -> Result<(), BusError> {
    let mut sending = Vec::with_capacity(messages.len());
    for message in messages {
        let Outgoing { exchange, mandatory, key, body, properties } = message;
        let (exchange, properties) = (exchange.clone(), properties.clone());
        let options = BasicPublishOptions { mandatory: *mandatory, ..Default::default() };
        let publish = channel.basic_publish(exchange, key.clone(), options, body, properties);
        // The first poll puts it in line. What it then waits for is the socket, and a wait for each
        // would take longer than all the rest.
        let mut publish = Box::pin(maybe_done(publish));
        let _ = poll_immediate(publish.as_mut()).await;
        sending.push(publish);
    }
    drop(turn);
    for mut sent in sending {
        sent.as_mut().await;
        let Some(sent) = sent.as_mut().take_output() else { continue };
        let confirm = sent.map_err(|error| unavailable(&error.to_string()))?;
        match confirm.await.map_err(|error| unavailable(&error.to_string()))? {
            Confirmation::Ack(None) => {}
            // lapin pairs a returned message with whichever confirm comes next, so that its own id
            // is the only thing that tells which one it was.
            Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => {
                let id = returned.delivery.properties.message_id().as_ref();
                let id = id.map_or("without an id", ShortString::as_str);
                let text = &returned.reply_text;
                return Err(unavailable(&format!("RabbitMQ returned message {id}: {text}")));
            }
            Confirmation::Nack(None) => return Err(unavailable("RabbitMQ refused a message")),
            Confirmation::NotRequested => {
                return Err(unavailable("the channel does not confirm"));
            }
        }
    }
    Ok(())
}
