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
const STATUS_OF_PROOF: &str = "SELECT status FROM webhook_notifications WHERE proof = $1";
const BECAME: &str = "UPDATE webhook_notifications SET status = $1 WHERE id = $2 OR proof = $3";

/// Every statement, so that a test can ask both engines.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![RECEIVED, STATUS_OF_PROOF, BECAME]
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
        let proof = [notification.proof.clone().into()];
        let before = self.db.fetch_one(STATUS_OF_PROOF, &proof).await?;
        let status = before.map(|row| row.text("status")).transpose()?;
        Ok(status.as_deref() != Some(WebhookStatus::Processed.name()))
    }

    async fn became(
        &self,
        notification: &WebhookNotification,
        status: WebhookStatus,
    ) -> Result<()> {
        let (id, proof) = (notification.id.clone().into(), notification.proof.clone().into());
        self.db.execute(BECAME, &[status.name().into(), id, proof]).await?;
        Ok(())
    }
}
