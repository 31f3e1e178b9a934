//! Queued work wherever it waits: in the table, and on the broker if there is one.

use std::sync::Arc;

use application::{
    Result,
    ports::{QueueStanding, WorkMessage, WorkQueue, WorkQueues},
};

/// All places where a message can be. With a broker, the table holds what is on its way there, and
/// what was set aside before there was a broker.
pub struct AllQueues(pub Vec<Arc<dyn WorkQueues>>);

impl AllQueues {
    /// How every queue stands, over all places.
    ///
    /// # Errors
    /// If one of them can't be asked.
    pub async fn standings(&self) -> Result<Vec<QueueStanding>> {
        let empty = |queue: &WorkQueue| QueueStanding { queue: *queue, waiting: 0, poison: 0 };
        let mut sums: Vec<_> = WorkQueue::ALL.iter().map(empty).collect();
        for place in &self.0 {
            for one in place.standings().await? {
                for sum in sums.iter_mut().filter(|sum| sum.queue == one.queue) {
                    sum.waiting += one.waiting;
                    sum.poison += one.poison;
                }
            }
        }
        Ok(sums)
    }

    /// What was set aside, and why.
    ///
    /// # Errors
    /// As [`Self::standings`].
    pub async fn poisoned(&self, queue: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        let mut all = Vec::new();
        for place in &self.0 {
            all.extend(place.poisoned(queue).await?);
        }
        Ok(all)
    }

    /// Lets a message that was set aside begin again; `false` if there is none of that id.
    ///
    /// # Errors
    /// As [`Self::standings`].
    pub async fn revive(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        let mut found = false;
        for place in &self.0 {
            found |= place.revive(queue, id).await?;
        }
        Ok(found)
    }

    /// Forgets a message that was set aside; `false` if there is none of that id.
    ///
    /// # Errors
    /// As [`Self::standings`].
    pub async fn discard(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        let mut found = false;
        for place in &self.0 {
            found |= place.discard(queue, id).await?;
        }
        Ok(found)
    }
}
