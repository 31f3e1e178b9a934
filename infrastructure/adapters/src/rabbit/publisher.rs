//! Publishes, and reports success only for what the broker has confirmed.

use std::{convert::Infallible, sync::Arc, time::Duration};

use application::ports::{Announcement, Bus, BusError, WorkMessage};
use async_trait::async_trait;
use futures_util::future::{maybe_done, poll_immediate};
use lapin::{
    Channel, Confirmation, ConnectionStatus,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    Settings,
    session::{self, Ended, Needs, Session},
    topology::Names,
    wire::{self, Outgoing},
};
use crate::signatures::Signatures;

/// How long the broker may take to confirm what it was given at once.
const CONFIRM: Duration = Duration::from_secs(10);

/// The bus of the relay. Announcements may overlap: a later one is sent while an earlier one waits
/// for its confirms, in the order in which they were called.
pub struct Publisher {
    settings: Settings,
    names: Names,
    signatures: Arc<Signatures>,
    state: watch::Receiver<State>,
    _task: JoinSet<()>,
}

#[derive(Clone)]
enum State {
    Connecting,
    Up(Arc<Link>),
    Away(BusError),
}

/// A channel each, so that what one of them gets back can't be taken for the other's.
struct Link {
    events: Channel,
    turn: Mutex<()>,
    work: Mutex<Channel>,
    status: ConnectionStatus,
    /// Why this link must not be used any more.
    broken: watch::Sender<Option<BusError>>,
}

impl Publisher {
    /// Begins to connect, and keeps connecting. Until the first attempt has failed, calls wait.
    #[must_use]
    pub fn start(settings: Settings, signatures: Arc<Signatures>) -> Self {
        let (report, state) = watch::channel(State::Connecting);
        let mut task = JoinSet::new();
        let names = Names::new(&settings.prefix);
        let of = settings.clone();
        task.spawn(async move { session::keep(&of, Connects { report }).await });
        Self { settings, names, signatures, state, _task: task }
    }

    async fn link(&self) -> Result<Arc<Link>, BusError> {
        let mut state = self.state.clone();
        let known = state.wait_for(|state| !matches!(state, State::Connecting)).await;
        match known.as_deref() {
            Ok(State::Up(link)) => Ok(link.clone()),
            Ok(State::Away(error)) => Err(error.clone()),
            Ok(State::Connecting) | Err(_) => Err(unavailable("it is being stopped")),
        }
    }
}

#[async_trait]
impl Bus for Publisher {
    async fn announce(&self, announcements: Vec<Announcement>) -> Result<(), BusError> {
        let messages = announcements
            .iter()
            .map(|one| wire::announce(one, self.settings.partition, &self.signatures))
            .collect::<Result<Vec<_>, _>>()?;
        let link = self.link().await?;
        let exchange = self.names.events();
        link.within(async {
            // The lock is fair, so that calls keep their order.
            let turn = link.turn.lock().await;
            publish(&link.events, &exchange, &messages, turn).await
        })
        .await
    }

    async fn enqueue(&self, work: Vec<WorkMessage>) -> Result<(), BusError> {
        let mut messages = Vec::with_capacity(work.len());
        for message in &work {
            let key = self.names.work(message.queue);
            messages.push(Outgoing { key, ..wire::work(message, &self.signatures)? });
        }
        let link = self.link().await?;
        link.within(async {
            // One call at a time: a message that is returned comes with the confirm of any.
            let channel = link.work.lock().await;
            publish(&channel, &ShortString::default(), &messages, ()).await
        })
        .await
    }
}

impl Link {
    /// Does something with the link, in time. After anything but success it is unknown what the
    /// broker has, so the link is given up; also when the caller does not wait for the end.
    async fn within(
        &self,
        work: impl Future<Output = Result<(), BusError>>,
    ) -> Result<(), BusError> {
        let mut broken = self.broken.subscribe();
        let mut unfinished = Unfinished { link: self, why: unavailable("the caller gave up") };
        let outcome = tokio::select! {
            done = timeout(CONFIRM, work) => done.unwrap_or_else(|_| Err(self.late())),
            why = broken.wait_for(Option::is_some) => Err(match why.as_deref() {
                Ok(Some(error)) => error.clone(),
                Ok(None) | Err(_) => unavailable("the connection ended"),
            }),
        };
        match &outcome {
            Ok(()) => std::mem::forget(unfinished),
            Err(error) => unfinished.why = error.clone(),
        }
        outcome
    }
    fn late(&self) -> BusError {
        if self.status.blocked() {
            unavailable("RabbitMQ is short of memory or disk space and takes nothing: make room")
        } else {
            unavailable("RabbitMQ did not confirm in time")
        }
    }
    fn end(&self, why: &BusError) {
        self.broken.send_if_modified(|broken| {
            let first = broken.is_none();
            if first {
                *broken = Some(why.clone());
            }
            first
        });
    }
}

/// Gives the link up when it is dropped.
struct Unfinished<'a> {
    link: &'a Link,
    why: BusError,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.link.end(&self.why);
    }
}

/// Makes a link of every connection.
struct Connects {
    report: watch::Sender<State>,
}

impl Needs for Connects {
    const NAME: &'static str = "publisher";

    async fn run(&self, session: &Session) -> Result<Infallible, Ended> {
        serve(session, &self.report).await
    }
    fn away(&self, error: BusError) {
        self.report.send_replace(State::Away(error));
    }
}

async fn serve(session: &Session, report: &watch::Sender<State>) -> Result<Infallible, Ended> {
    let channel = async || {
        let channel = session.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok::<_, lapin::Error>(channel)
    };
    let link = Arc::new(Link {
        events: channel().await?,
        turn: Mutex::new(()),
        work: Mutex::new(channel().await?),
        status: session.connection.status().clone(),
        broken: watch::Sender::new(None),
    });
    // Whoever waits for confirms learns that the session ended, however it does.
    let _unfinished = Unfinished { link: &link, why: unavailable("the connection ended") };
    let mut broken = link.broken.subscribe();
    report.send_replace(State::Up(link.clone()));
    let why = broken.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
    Err(Ended::Given(why.unwrap_or_else(|| unavailable("the connection ended"))))
}

/// Publishes in order on a channel that confirms, and waits for all confirms. `turn` is dropped as
/// soon as nothing can come between these messages any more.
pub(super) async fn publish<T>(
    channel: &Channel,
    exchange: &ShortString,
    messages: &[Outgoing],
    turn: T,
) -> Result<(), BusError> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let mut sending = Vec::with_capacity(messages.len());
    for message in messages {
        let Outgoing { key, body, properties } = message;
        let (exchange, properties) = (exchange.clone(), properties.clone());
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

fn unavailable(why: &str) -> BusError {
    BusError::Unavailable(why.to_owned())
}
