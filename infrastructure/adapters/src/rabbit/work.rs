//! Queues of work on the broker, which tell takers what there is.

use std::{convert::Infallible, sync::Arc};

use application::{
    Error, Result,
    ports::{DueWork, WorkCalls, WorkQueue},
};
use async_trait::async_trait;
use lapin::{Channel, options::BasicGetOptions};
use metrics::counter;
use tokio::time::{Duration, Instant};

use super::{
    Settings,
    line::{Lays, Lines, unavailable},
    session::Session,
    topology::Names,
    wire::{self, Refusal},
};
use crate::signatures::Signatures;

/// How long messages that are taken together may take to come.
const GATHER: Duration = Duration::from_secs(1);

/// What the broker has of work. Any number of processes may ask it. Nothing is acknowledged: who dies
/// with what was told leaves it in the table, from where the relay moves it again.
pub struct RabbitCalls {
    names: Names,
    signatures: Arc<Signatures>,
    lines: Lines<Channel>,
}

impl RabbitCalls {
    /// Begins to connect, and keeps connecting.
    #[must_use]
    pub fn start(settings: Settings, signatures: Arc<Signatures>) -> Self {
        let names = Names::new(&settings.prefix);
        // A count that begins with one is no increase to whoever watches: it has to be there before.
        for queue in WorkQueue::ALL {
            for refusal in Refusal::ALL {
                count(*queue, *refusal, 0);
            }
        }
        Self { names, signatures, lines: Lines::start(settings, Lay) }
    }

    /// The next message that is ours; what is not is counted and gone.
    async fn get(&self, channel: &Channel, queue: WorkQueue) -> lapin::Result<Option<DueWork>> {
        loop {
            let got = channel.basic_get(self.names.work(queue), BasicGetOptions { no_ack: true });
            let Some(got) = got.await? else { return Ok(None) };
            match wire::read_work(&got.delivery, queue, &self.signatures) {
                Ok(work) => return Ok(Some(work)),
                Err(refusal) => {
                    count(queue, refusal, 1);
                    let (name, reason) = (queue.name(), refusal.reason());
                    let id = got.delivery.properties.message_id();
                    tracing::warn!(queue = name, ?id, reason, "a message of a queue was refused");
                }
            }
        }
    }
}

#[async_trait]
impl WorkCalls for RabbitCalls {
    async fn next(&self, queue: WorkQueue, most: usize) -> Result<Vec<DueWork>> {
        let next = async |channel: &Channel| {
            let (mut all, until) = (vec![], Instant::now() + GATHER);
            while all.len() < most && Instant::now() < until {
                match self.get(channel, queue).await {
                    Ok(Some(work)) => all.push(work),
                    Err(error) if all.is_empty() => return Err(unavailable(&error.to_string())),
                    Ok(None) | Err(_) => break,
                }
                if all.last().is_some_and(|last: &DueWork| last.tries > 0) {
                    break;
                }
            }
            Ok(all)
        };
        let next = async {
            let line = self.lines.line().await?;
            line.within(next(&line.laid)).await
        };
        next.await.map_err(|error| Error::unavailable(error.to_string()))
    }
}

fn count(queue: WorkQueue, refusal: Refusal, by: u64) {
    let (queue, reason) = (queue.name(), refusal.reason());
    counter!("groundwork_bus_refused_total", "queue" => queue, "reason" => reason).increment(by);
}

struct Lay;

impl Lays for Lay {
    const NAME: &'static str = "work";
    type Line = Channel;

    async fn lay(&self, session: &Session) -> lapin::Result<Channel> {
        session.connection.create_channel().await
    }
    async fn tend(_: &Channel) -> lapin::Result<Infallible> {
        std::future::pending().await
    }
}
