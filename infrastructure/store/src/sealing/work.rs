//! Queues of work for those who may see what is sealed.

use std::sync::Arc;

use application::{
    Result,
    ports::{Fate, QueueStanding, Taken, Vault, WorkMessage, WorkQueue, WorkQueues},
    work,
};
use async_trait::async_trait;

/// Queues whose messages are opened when they are taken. What was set aside stays sealed.
pub struct SealedWork {
    queues: Arc<dyn WorkQueues>,
    vault: Arc<dyn Vault>,
}

impl SealedWork {
    /// Over queues that bring messages as they were enqueued.
    #[must_use]
    pub fn new(queues: Arc<dyn WorkQueues>, vault: Arc<dyn Vault>) -> Self {
        Self { queues, vault }
    }

    /// Those that can be opened; all go back if it can't be known of one.
    async fn open(&self, queue: WorkQueue, taken: Vec<Taken>) -> Result<Vec<Taken>> {
        let (mut opened, mut erased) = (vec![], vec![]);
        let mut rest = taken.into_iter();
        while let Some(mut one) = rest.next() {
            match work::open(self.vault.as_ref(), &mut one.message).await {
                Ok(true) => opened.push(one),
                Ok(false) => {
                    let (queue, id) = (queue.name(), &one.message.id);
                    tracing::warn!(queue, id, "a message about somebody erased was dropped");
                    erased.push(one);
                }
                Err(error) => {
                    for back in opened.iter().chain(&erased).chain([&one]).chain(rest.as_slice()) {
                        noted(&one.message, self.queues.postponed(back).await);
                    }
                    return Err(error);
                }
            }
        }
        if let Some(first) = erased.first() {
            noted(&first.message, self.queues.handled(&erased).await);
        }
        Ok(opened)
    }
}

/// What could not be noted comes again by itself.
fn noted(message: &WorkMessage, outcome: Result<()>) {
    if let Err(error) = outcome {
        let (queue, id) = (message.queue.name(), &message.id);
        tracing::warn!(queue, id, %error, "what became of a message could not be noted");
    }
}

#[async_trait]
impl WorkQueues for SealedWork {
    async fn take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>> {
        loop {
            let taken = self.queues.take(queue, most).await?;
            if taken.is_empty() {
                return Ok(taken);
            }
            let opened = self.open(queue, taken).await?;
            if !opened.is_empty() {
                return Ok(opened);
            }
        }
    }
    async fn handled(&self, taken: &[Taken]) -> Result<()> {
        self.queues.handled(taken).await
    }
    async fn failed(&self, taken: &Taken, why: &str) -> Result<Fate> {
        self.queues.failed(taken, why).await
    }
    async fn postponed(&self, taken: &Taken) -> Result<()> {
        self.queues.postponed(taken).await
    }
    async fn standings(&self) -> Result<Vec<QueueStanding>> {
        self.queues.standings().await
    }
    async fn poisoned(&self, queue: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        self.queues.poisoned(queue).await
    }
    async fn revive(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        self.queues.revive(queue, id).await
    }
    async fn discard(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        self.queues.discard(queue, id).await
    }
}
