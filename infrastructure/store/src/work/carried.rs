//! Queues of work of which a broker tells takers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use application::{
    Result,
    ports::{Fate, QueueStanding, Taken, WorkCalls, WorkMessage, WorkQueue, WorkQueues},
};
use async_trait::async_trait;

use super::TableQueues;

/// The table, whose messages are taken in the order in which a broker brings them. What it brings twice
/// or falsely is not there any more, or not yet again. While it tells nothing, they are taken without it.
pub struct CarriedQueues {
    table: TableQueues,
    calls: Arc<dyn WorkCalls>,
    /// The table could not be reached: what the broker brings would have to be brought again.
    in_doubt: AtomicBool,
}

impl CarriedQueues {
    /// Over a table and a broker.
    #[must_use]
    pub fn new(table: TableQueues, calls: Arc<dyn WorkCalls>) -> Self {
        Self { table, calls, in_doubt: AtomicBool::new(false) }
    }
}

#[async_trait]
impl WorkQueues for CarriedQueues {
    async fn take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>> {
        if self.in_doubt.load(Ordering::Relaxed) {
            self.table.is_due(queue).await?;
        }
        loop {
            let called = match self.calls.next(queue, most).await {
                Ok(called) if called.is_empty() => return Ok(vec![]),
                Ok(called) => called,
                Err(error) => {
                    tracing::debug!(queue = queue.name(), %error, "work is taken without the broker");
                    return self.table.take(queue, most).await;
                }
            };
            let ids = called.into_iter().map(|due| due.message.id).collect();
            let taken = self.table.take_called(queue, ids).await;
            self.in_doubt.store(taken.is_err(), Ordering::Relaxed);
            // There may be more behind what was told in vain.
            match taken {
                Ok(taken) if taken.is_empty() => {}
                taken => return taken,
            }
        }
    }
    async fn handled(&self, taken: &[Taken]) -> Result<()> {
        self.table.handled(taken).await
    }
    async fn failed(&self, taken: &Taken, why: &str) -> Result<Fate> {
        self.table.failed(taken, why).await
    }
    async fn postponed(&self, taken: &Taken) -> Result<()> {
        self.table.postponed(taken).await
    }
    async fn standings(&self) -> Result<Vec<QueueStanding>> {
        self.table.standings().await
    }
    async fn poisoned(&self, queue: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        self.table.poisoned(queue).await
    }
    async fn revive(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        self.table.revive(queue, id).await
    }
    async fn discard(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        self.table.discard(queue, id).await
    }
}
