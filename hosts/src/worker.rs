//! Delivers queued work: takes the oldest messages of a queue and posts them to the API, which does
//! what is slow or may fail.

mod post;

use std::{sync::Arc, time::Duration};

use application::{
    Result,
    ports::{Fate, Patience, QueueStanding, Taken, WorkQueue, WorkQueues},
};
use futures_util::future::join_all;
use metrics::{counter, gauge};
use store::backoff::Backoff;
use tokio::{sync::watch, task::JoinSet};

use post::Outcome;
pub use post::Post;

/// Where the messages of each queue are delivered, and how many at once. Those of other queues wait.
/// What others do for us is asked of them one by one.
const ROUTES: &[(WorkQueue, &str, usize)] = &[
    (WorkQueue::Audits, "/audits/deliver", 32),
    (WorkQueue::Emails, "/emails/send", 1),
    (WorkQueue::Usages, "/usages/deliver", 1),
];
/// How soon a message is found in a queue that was empty.
const IDLE: Duration = Duration::from_millis(500);
/// How long messages gather in a queue that had less than are delivered at once: many together cost
/// little more than one.
const GATHER: Duration = Duration::from_millis(250);
/// How often the queues are counted.
const COUNT: Duration = Duration::from_secs(5);

/// Delivers what is queued. Any number of processes may.
pub struct Worker {
    queues: Arc<dyn WorkQueues>,
    post: Post,
}

impl Worker {
    /// From these queues, through `post`.
    #[must_use]
    pub fn new(queues: Arc<dyn WorkQueues>, post: Post) -> Self {
        Self { queues, post }
    }

    /// Delivers until `stop` turns true; a delivery that was begun is finished.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let worker = Arc::new(self);
        let mut loops = JoinSet::new();
        for (queue, path, most) in ROUTES {
            loops.spawn(worker.clone().deliver(*queue, path, *most, stop.clone()));
        }
        loops.spawn(worker.clone().count(stop.clone()));
        while let Some(ended) = loops.join_next().await {
            if let Err(error) = &ended {
                tracing::error!(%error, "the delivery of work failed");
            }
            if !*stop.borrow() {
                return;
            }
        }
    }

    async fn deliver(
        self: Arc<Self>,
        queue: WorkQueue,
        path: &'static str,
        most: usize,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut backoff = Backoff::OUTAGE;
        while !*stop.borrow() {
            let wait = match self.queues.take(queue, most).await {
                Ok(taken) if taken.is_empty() => {
                    backoff.reset();
                    IDLE
                }
                Ok(taken) => {
                    // What was tried before comes alone, and does not say that there is no more.
                    let full = taken.len() == most || taken.iter().any(|one| one.tries > 1);
                    if self.handle(taken, path).await {
                        backoff.reset();
                        if full {
                            continue;
                        }
                        GATHER
                    } else {
                        backoff.next()
                    }
                }
                Err(error) => {
                    tracing::warn!(queue = queue.name(), %error, "deliveries wait for the queue");
                    backoff.next()
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// `false` if the next ones would not fare better now.
    async fn handle(&self, taken: Vec<Taken>, path: &str) -> bool {
        let posts = taken.into_iter().map(|taken| self.post(taken, path));
        let (mut done, mut go_on) = (vec![], true);
        for outcome in join_all(posts).await {
            match outcome {
                Ok(taken) => done.push(taken),
                Err(fares_better) => go_on &= fares_better,
            }
        }
        if let Some(first) = done.first() {
            let queue = first.message.queue.name();
            counter!("groundwork_work_delivered_total", "queue" => queue)
                .increment(u64::try_from(done.len()).unwrap_or_default());
            go_on &= noted(first, &self.queues.handled(&done).await);
        }
        go_on
    }

    /// A message that was delivered; else whether the next one would fare better now. What failed is
    /// noted at once, since others get it soon.
    async fn post(&self, taken: Taken, path: &str) -> Result<Taken, bool> {
        match self.post.send(path, &taken.message.body).await {
            Outcome::Done => Ok(taken),
            Outcome::Failed { reason, detail } => Err(self.failed(&taken, &reason, &detail).await),
            Outcome::Away(reason) => {
                let (queue, id) = (taken.message.queue.name(), taken.message.id.as_str());
                tracing::warn!(queue, reason, "deliveries wait for the API");
                if let Err(error) = self.queues.postponed(&taken).await {
                    tracing::warn!(queue, id, %error, "a message could not be given back");
                }
                Err(false)
            }
        }
    }

    /// `false` if the next one would not fare better now.
    async fn failed(&self, taken: &Taken, reason: &str, detail: &str) -> bool {
        let (queue, id, tries) =
            (taken.message.queue.name(), taken.message.id.as_str(), taken.tries);
        counter!("groundwork_work_failed_total", "queue" => queue).increment(1);
        match self.queues.failed(taken, &format!("{reason}{detail}")).await {
            Ok(Fate::Again) => {
                tracing::warn!(queue, id, tries, reason, "a delivery failed; it is repeated");
                // Others do the work, who may be away: then no message must lose its tries.
                taken.message.queue.patience() != Patience::LONG
            }
            Ok(Fate::Poison) => {
                let hint = "see `groundwork ops work list`";
                tracing::error!(queue, id, tries, reason, hint, "a message was set aside");
                true
            }
            Err(error) => noted(taken, &Err(error)),
        }
    }

    async fn count(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            // What is wrong with the queues is told by those who take from them.
            for standing in self.queues.standings().await.unwrap_or_default() {
                show(&standing);
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = tokio::time::sleep(COUNT) => {}
            }
        }
    }
}

/// Whether the queue learned what became of a message.
fn noted(taken: &Taken, outcome: &Result<()>) -> bool {
    if let Err(error) = outcome {
        let (queue, id) = (taken.message.queue.name(), taken.message.id.as_str());
        tracing::warn!(queue, id, %error, "what became of a message could not be noted");
    }
    outcome.is_ok()
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats; counts fit 52 bits")]
fn show(standing: &QueueStanding) {
    let queue = standing.queue.name();
    gauge!("groundwork_work_waiting", "queue" => queue).set(standing.waiting as f64);
    gauge!("groundwork_work_poison", "queue" => queue).set(standing.poison as f64);
}

#[cfg(test)]
mod tests;
