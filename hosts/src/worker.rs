//! Delivers queued work: takes one message of a queue after the other and posts it to the API,
//! which does what is slow or may fail.

mod post;

use std::{sync::Arc, time::Duration};

use application::ports::{Fate, Patience, QueueStanding, Taken, WorkQueue, WorkQueues};
use metrics::{counter, gauge};
use store::backoff::Backoff;
use tokio::{sync::watch, task::JoinSet};

use post::Outcome;
pub use post::Post;

/// Where the messages of each queue are delivered. Those of other queues wait.
const ROUTES: &[(WorkQueue, &str)] = &[
    (WorkQueue::Audits, "/audits/deliver"),
    (WorkQueue::Emails, "/emails/send"),
    (WorkQueue::Usages, "/usages/deliver"),
];
/// How soon a message is found in a queue that was empty.
const IDLE: Duration = Duration::from_millis(500);
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
        for (queue, path) in ROUTES {
            loops.spawn(worker.clone().deliver(*queue, path, stop.clone()));
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
        mut stop: watch::Receiver<bool>,
    ) {
        let mut backoff = Backoff::OUTAGE;
        while !*stop.borrow() {
            let wait = match self.queues.take(queue).await {
                Ok(None) => {
                    backoff.reset();
                    IDLE
                }
                Ok(Some(taken)) if self.handle(&taken, path).await => {
                    backoff.reset();
                    continue;
                }
                Ok(Some(_)) => backoff.next(),
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

    /// `false` if the next one would not fare better now.
    async fn handle(&self, taken: &Taken, path: &str) -> bool {
        let (queue, id) = (taken.message.queue.name(), taken.message.id.as_str());
        let noted = match self.post.send(path, &taken.message.body).await {
            Outcome::Done => {
                counter!("groundwork_work_delivered_total", "queue" => queue).increment(1);
                self.queues.handled(taken).await
            }
            Outcome::Failed { reason, detail } => {
                counter!("groundwork_work_failed_total", "queue" => queue).increment(1);
                let tries = taken.tries;
                match self.queues.failed(taken, &format!("{reason}{detail}")).await {
                    Ok(Fate::Again) => {
                        tracing::warn!(
                            queue,
                            id,
                            tries,
                            reason,
                            "a delivery failed; it is repeated"
                        );
                        // Others do the work, who may be away: then no message must lose its tries.
                        if taken.message.queue.patience() == Patience::LONG {
                            return false;
                        }
                        Ok(())
                    }
                    Ok(Fate::Poison) => {
                        let hint = "see `groundwork ops work list`";
                        tracing::error!(queue, id, tries, reason, hint, "a message was set aside");
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
            Outcome::Away(reason) => {
                tracing::warn!(queue, reason, "deliveries wait for the API");
                if let Err(error) = self.queues.postponed(taken).await {
                    tracing::warn!(queue, id, %error, "a message could not be given back");
                }
                return false;
            }
        };
        if let Err(error) = &noted {
            tracing::warn!(queue, id, %error, "what became of a message could not be noted");
        }
        noted.is_ok()
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

#[expect(clippy::cast_precision_loss, reason = "gauges are floats; counts fit 52 bits")]
fn show(standing: &QueueStanding) {
    let queue = standing.queue.name();
    gauge!("groundwork_work_waiting", "queue" => queue).set(standing.waiting as f64);
    gauge!("groundwork_work_poison", "queue" => queue).set(standing.poison as f64);
}

#[cfg(test)]
mod tests;
