//! What third parties notified us of.

use std::sync::Arc;

use application::{
    Result,
    ports::{Clock, WebhookNotification, WebhookStatus, Webhooks},
};
use async_trait::async_trait;

use crate::db::Db;

/// A proof that came before is the same notification, which was answered with an error, or a copy.
const RECEIVED: &str = "INSERT INTO webhook_notifications \
     (id, source, event_id, event_type, json_content, status, proof, received_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (proof) DO NOTHING";
const HANDLED: &str = "SELECT id FROM webhook_notifications WHERE proof = $1 AND handled = $2";
const BECAME: &str =
    "UPDATE webhook_notifications SET status = $1, handled = $2 WHERE id = $3 OR proof = $4";

/// Every statement, so that a test can ask both engines.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![RECEIVED, HANDLED, BECAME]
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
