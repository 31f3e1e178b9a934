//! Usages and audits as structured log lines.

use application::{Call, ports::Recorder};
use domain::kernel::OrganizationId;
use serde_json::Value;

/// Writes usages and audits to the log, with the call that they belong to.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingRecorder;

impl Recorder for TracingRecorder {
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

    fn audit(&self, call: &Call, code: &'static str, message: &str) {
        tracing::info!(
            target: "audit",
            code,
            call_id = call.correlation,
            caller_id = %call.caller.id,
            tenant_id = call.tenant.as_ref().map(OrganizationId::as_str),
            detail = message,
            "audited"
        );
    }
}
