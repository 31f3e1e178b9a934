//! Queues of work on the broker.

mod poison;

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use application::{
    Error, Result,
    ports::{BusError, Fate, Patience, QueueStanding, Taken, WorkMessage, WorkQueue, WorkQueues},
};
use async_trait::async_trait;
use lapin::{
    Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicGetOptions, BasicRejectOptions},
};
use metrics::counter;
use tokio::time::{Instant, interval};

use super::{
    Settings,
    line::{Lays, Line, Lines, unavailable},
    publisher::{confirming, publish},
    session::Session,
    status::count,
    topology::Names,
    wire,
};
use crate::signatures::Signatures;

/// Nobody else gets a message for so long after it was taken.
const INVISIBLE: Duration = Duration::from_secs(30);
/// How long messages that are taken together may take to come.
const GATHER: Duration = Duration::from_secs(1);
/// How often messages that are due go back to their queue.
const TICK: Duration = Duration::from_millis(100);

/// Messages that the broker keeps. Any number of processes may take from it.
pub struct RabbitQueues {
    names: Names,
    signatures: Arc<Signatures>,
    first_pause: Duration,
    receipts: AtomicU64,
    lines: Lines<Desk>,
}

/// What is on one connection.
struct Desk {
    take: Channel,
    /// For the queues of what was set aside; whoever looks through one has it alone.
    look: tokio::sync::Mutex<Channel>,
    publish: tokio::sync::Mutex<Channel>,
    held: Mutex<HashMap<u64, Held>>,
}

/// A message that is not acknowledged yet.
struct Held {
    delivery: Delivery,
    queue: WorkQueue,
    /// When it goes back to the queue: it was given up, or its pause is over.
    until: Instant,
}

impl RabbitQueues {
    /// Begins to connect, and keeps connecting. What failed comes again after `first_pause`, then
    /// after four times as long, and so on; zero is for those who try only when they are told to,
    /// and not often.
    #[must_use]
    pub fn start(settings: Settings, signatures: Arc<Signatures>, first_pause: Duration) -> Self {
        let names = Names::new(&settings.prefix);
        let receipts = AtomicU64::new(0);
        Self { names, signatures, first_pause, receipts, lines: Lines::start(settings, Lay) }
    }

    /// Empties every queue, of what is held and of what was set aside, too.
    ///
    /// # Errors
    /// Unavailable, if the broker can't be reached.
    #[cfg(feature = "testing-only")]
    pub async fn purge(&self) -> Result<()> {
        let purge = async |desk: &Desk| {
            let held: Vec<Held> = desk.held().drain().map(|(_, held)| held).collect();
            for held in held {
                acknowledge(&held.delivery).await?;
            }
            let channel = desk.look.lock().await;
            let queues = WorkQueue::ALL.iter();
            for name in queues.flat_map(|q| [self.names.work(*q), self.names.poison(*q)]) {
                let options = lapin::options::QueuePurgeOptions::default();
                channel.queue_purge(name, options).await.map_err(failure)?;
            }
            Ok(())
        };
        self.over(purge).await.map_err(error)
    }

    fn patience(&self, queue: WorkQueue) -> Patience {
        if self.first_pause.is_zero() { Patience::SHORT } else { queue.patience() }
    }

    /// Does something over the line that there is.
    async fn over<T>(
        &self,
        work: impl AsyncFnOnce(&Desk) -> Result<T, BusError>,
    ) -> Result<T, BusError> {
        let line: Arc<Line<Desk>> = self.lines.line().await?;
        line.within(work(&line.laid)).await
    }

    async fn next(&self, desk: &Desk, queue: WorkQueue) -> Result<Option<Taken>, BusError> {
        loop {
            let got = desk.take.basic_get(self.names.work(queue), BasicGetOptions::default());
            let Some(got) = got.await.map_err(failure)? else { return Ok(None) };
            match wire::read_work(&got.delivery, queue, &self.signatures) {
                Ok(message) => return Ok(Some(self.hold(desk, got.delivery, message))),
                Err(refusal) => {
                    let (name, reason) = (queue.name(), refusal.reason());
                    counter!("groundwork_bus_refused_total", "queue" => name, "reason" => reason)
                        .increment(1);
                    tracing::warn!(queue = name, reason, "a message of a queue was refused");
                    let aside = BasicRejectOptions { requeue: false };
                    got.delivery.reject(aside).await.map_err(failure)?;
                }
            }
        }
    }
    fn hold(&self, desk: &Desk, delivery: Delivery, message: WorkMessage) -> Taken {
        let receipt = self.receipts.fetch_add(1, Ordering::Relaxed);
        let before = wire::count(&delivery.properties, "x-delivery-count").unwrap_or(0);
        let tries = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        let (queue, until) = (message.queue, Instant::now() + INVISIBLE);
        desk.held().insert(receipt, Held { delivery, queue, until });
        Taken { message, tries, receipt }
    }
    async fn set_aside(&self, desk: &Desk, held: &Held, why: &str) -> Result<(), BusError> {
        let aside = wire::again(&held.delivery, self.names.poison(held.queue), Some(why));
        // Confirmed first, acknowledged then: it may be there twice, it is never gone.
        let channel = desk.publish.lock().await;
        publish(&channel, &[aside], ()).await?;
        drop(channel);
        acknowledge(&held.delivery).await
    }
}

#[async_trait]
impl WorkQueues for RabbitQueues {
    async fn take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>> {
        let take = async |desk: &Desk| {
            let (mut all, until) = (vec![], Instant::now() + GATHER);
            while all.len() < most && Instant::now() < until {
                match self.next(desk, queue).await {
                    Ok(Some(taken)) => all.push(taken),
                    Err(error) if all.is_empty() => return Err(error),
                    Ok(None) | Err(_) => break,
                }
                if all.last().is_some_and(|last: &Taken| last.tries > 1) {
                    break;
                }
            }
            Ok(all)
        };
        self.over(take).await.map_err(error)
    }
    async fn handled(&self, taken: &[Taken]) -> Result<()> {
        let handled = async |desk: &Desk| {
            let mut complete = true;
            for one in taken {
                match desk.release(one.receipt) {
                    Some(held) => acknowledge(&held.delivery).await?,
                    None => complete = false,
                }
            }
            Ok(complete)
        };
        if self.over(handled).await.map_err(error)? { Ok(()) } else { Err(lost()) }
    }
    async fn failed(&self, taken: &Taken, why: &str) -> Result<Fate> {
        let failed = async |desk: &Desk| {
            let Some(mut held) = desk.release(taken.receipt) else { return Ok(None) };
            let patience = self.patience(taken.message.queue);
            if taken.tries >= patience.tries {
                self.set_aside(desk, &held, why).await?;
                return Ok(Some(Fate::Poison));
            }
            if self.first_pause.is_zero() {
                requeue(&held.delivery).await.map_err(failure)?;
            } else {
                held.until = Instant::now() + patience.rest(self.first_pause, taken.tries);
                desk.held().insert(self.receipts.fetch_add(1, Ordering::Relaxed), held);
            }
            Ok(Some(Fate::Again))
        };
        self.over(failed).await.map_err(error)?.ok_or_else(lost)
    }
    async fn postponed(&self, taken: &Taken) -> Result<()> {
        let postponed = async |desk: &Desk| {
            let Some(held) = desk.release(taken.receipt) else { return Ok(false) };
            // RabbitMQ counts whatever goes back to its queue, so a fresh copy takes its place.
            let copy = wire::again(&held.delivery, self.names.work(held.queue), None);
            let channel = desk.publish.lock().await;
            publish(&channel, &[copy], ()).await?;
            drop(channel);
            acknowledge(&held.delivery).await.map(|()| true)
        };
        if self.over(postponed).await.map_err(error)? { Ok(()) } else { Err(lost()) }
    }
    async fn standings(&self) -> Result<Vec<QueueStanding>> {
        let standings = async |desk: &Desk| {
            let channel = desk.look.lock().await;
            let mut standings = Vec::new();
            for queue in WorkQueue::ALL.iter().copied() {
                let ready = count(&channel, &self.names.work(queue)).await.map_err(failure)?;
                let poison = count(&channel, &self.names.poison(queue)).await.map_err(failure)?;
                let held = desk.held().values().filter(|held| held.queue == queue).count();
                standings.push(QueueStanding {
                    queue,
                    waiting: u64::from(ready.ready) + u64::try_from(held).unwrap_or(u64::MAX),
                    poison: poison.ready.into(),
                });
            }
            Ok(standings)
        };
        self.over(standings).await.map_err(error)
    }
    async fn poisoned(&self, queue: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        let all = async |desk: &Desk| poison::all(self, desk, queue).await;
        self.over(all).await.map_err(error)
    }
    async fn revive(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        let revive = async |desk: &Desk| poison::remove(self, desk, queue, id, true).await;
        self.over(revive).await.map_err(error)
    }
    async fn discard(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        let discard = async |desk: &Desk| poison::remove(self, desk, queue, id, false).await;
        self.over(discard).await.map_err(error)
    }
}

impl Desk {
    fn held(&self) -> MutexGuard<'_, HashMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn release(&self, receipt: u64) -> Option<Held> {
        self.held().remove(&receipt)
    }
}

struct Lay;

impl Lays for Lay {
    const NAME: &'static str = "work";
    type Line = Desk;

    async fn lay(&self, session: &Session) -> lapin::Result<Desk> {
        Ok(Desk {
            take: session.connection.create_channel().await?,
            look: tokio::sync::Mutex::new(session.connection.create_channel().await?),
            publish: tokio::sync::Mutex::new(confirming(session).await?),
            held: Mutex::new(HashMap::new()),
        })
    }
    /// Gives back what is due.
    async fn tend(desk: &Desk) -> lapin::Result<Infallible> {
        let mut tick = interval(TICK);
        loop {
            let now = tick.tick().await;
            let due: Vec<Held> =
                desk.held().extract_if(|_, held| held.until <= now).map(|(_, held)| held).collect();
            for held in due {
                requeue(&held.delivery).await?;
            }
        }
    }
}

/// Counts as a try.
async fn requeue(delivery: &Delivery) -> lapin::Result<bool> {
    delivery.reject(BasicRejectOptions { requeue: true }).await
}

async fn acknowledge(delivery: &Delivery) -> Result<(), BusError> {
    match delivery.ack(BasicAckOptions::default()).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(unavailable("the connection ended before a message was acknowledged")),
        Err(error) => Err(failure(error)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failure(error: lapin::Error) -> BusError {
    unavailable(&error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn error(error: BusError) -> Error {
    Error::unavailable(error.to_string())
}

fn lost() -> Error {
    Error::unavailable("the message went back to its queue meanwhile, and comes again")
}
