//! What third parties notified us of.

use std::sync::Arc;

use application::{
    Result,
    ports::{Clock, WebhookNotification, WebhookStatus, Webhooks},
};
use async_trait::async_trait;
use tokio::sync::watch;

use crate::{
    backoff::pause,
    db::{Db, DbError},
};

/// A proof that came before is the same notification, which was answered with an error, or a copy.
const RECEIVED: &str = "INSERT INTO webhook_notifications \
     (id, source, event_id, event_type, json_content, status, proof, received_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (proof) DO NOTHING";
const HANDLED: &str = "SELECT id FROM webhook_notifications WHERE proof = $1 AND handled = $2";
const BECAME: &str =
    "UPDATE webhook_notifications SET status = $1, handled = $2 WHERE id = $3 OR proof = $4";

/// The oldest of them.
const FORGET: &str = "DELETE FROM webhook_notifications WHERE id IN \
     (SELECT id FROM webhook_notifications WHERE received_at < $1 ORDER BY received_at LIMIT 500)";

/// How long a notification is kept. Providers repeat what was not answered for some days, and none
/// repeats it after that by itself.
const KEPT: time::Duration = time::Duration::days(30);

/// Every statement, so that a test can ask both engines.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![RECEIVED, HANDLED, BECAME, FORGET]
}

/// Notes in the database of the log.
#[derive(Clone)]
pub struct WebhookTable {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl WebhookTable {
    /// In this database.
    #[must_use]
    pub fn new(log: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: log, clock }
    }
}

#[async_trait]
impl Webhooks for WebhookTable {
    async fn received(&self, notification: &WebhookNotification) -> Result<bool> {
        let values = [
            notification.id.clone().into(),
            notification.source.into(),
            notification.event_id.clone().into(),
            notification.event_type.clone().into(),
            notification.json_content.clone().into(),
            WebhookStatus::Received.name().into(),
            notification.proof.clone().into(),
            self.clock.now().into(),
        ];
        if self.db.execute(RECEIVED, &values).await? == 1 {
            return Ok(true);
        }
        let handled = [notification.proof.clone().into(), true.into()];
        Ok(self.db.fetch_one(HANDLED, &handled).await?.is_none())
    }

    async fn became(
        &self,
        notification: &WebhookNotification,
        status: WebhookStatus,
    ) -> Result<()> {
        let (id, proof) = (notification.id.clone().into(), notification.proof.clone().into());
        let handled = status != WebhookStatus::Failed;
        self.db.execute(BECAME, &[status.name().into(), handled.into(), id, proof]).await?;
        Ok(())
    }
}

/// Forgets notifications that are older than any repetition, bit by bit. Any number of processes may.
pub struct Sweep {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Sweep {
    /// Over the log's database.
    #[must_use]
    pub fn new(log_db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: log_db, clock }
    }

    /// Sweeps until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.step().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "old notifications wait to be forgotten"),
            }
            pause(&mut stop).await;
        }
    }

    /// Forgets the oldest; how many those were.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn step(&self) -> Result<u64, DbError> {
        self.db.execute(FORGET, &[self.clock.now().plus(-KEPT).into()]).await
    }
}
