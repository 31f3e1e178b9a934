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
}

#[async_trait]
impl WorkQueues for SealedWork {
    async fn take(&self, queue: WorkQueue) -> Result<Option<Taken>> {
        while let Some(mut taken) = self.queues.take(queue).await? {
            match work::open(self.vault.as_ref(), &mut taken.message).await {
                Ok(true) => return Ok(Some(taken)),
                Ok(false) => {
                    let (queue, id) = (queue.name(), &taken.message.id);
                    tracing::warn!(queue, id, "a message about somebody erased was dropped");
                    self.queues.handled(&taken).await?;
                }
                Err(error) => {
                    self.queues.postponed(&taken).await?;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }
    async fn handled(&self, taken: &Taken) -> Result<()> {
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
