//! Usages as structured log lines, audits as messages on their queue.

use std::sync::Arc;

use application::{
    Call, Result, audits,
    ports::{Append, Audited, EventLog, Ids, Recorder},
    work,
};
use async_trait::async_trait;
use domain::kernel::OrganizationId;
use serde_json::Value;

/// Writes usages to the log lines, and enqueues audits in the event log, with the call that they
/// belong to.
pub struct QueueRecorder {
    log: Arc<dyn EventLog>,
    ids: Arc<dyn Ids>,
    region: Arc<str>,
}

impl QueueRecorder {
    /// For a host in a region.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, ids: Arc<dyn Ids>, region: Arc<str>) -> Self {
        Self { log, ids, region }
    }
}

#[async_trait]
impl Recorder for QueueRecorder {
    fn usage(&self, call: &Call, event: &'static str, properties: &[(&'static str, Value)]) {
        if !tracing::enabled!(target: "usage", tracing::Level::INFO) {
            return;
        }
        let properties: serde_json::Map<String, Value> =
            properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        tracing::info!(
            target: "usage",
            event,
            call_id = call.correlation,
            caller_id = %call.caller.id,
            tenant_id = call.tenant.as_ref().map(OrganizationId::as_str),
            properties = %serde_json::Value::Object(properties),
            "used"
        );
    }

    async fn audit(&self, call: &Call, audit: Audited<'_>) -> Result<()> {
        let message = audits::AuditMessage::of(call, &audit);
        let message = work::alone(call, &message, &self.region, self.ids.as_ref())?;
        let metadata = call.metadata();
        let append = Append { work: vec![message], metadata, ..Append::default() };
        self.log.append(append).await?;
        audits::record(self, call, &audit);
        Ok(())
    }
}
