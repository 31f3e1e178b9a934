//! Audits: what must be provable later.

use async_trait::async_trait;
use domain::kernel::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    App, Call, Result,
    ports::{Audited, WorkQueue},
    search::{Found, Rows, Search, SearchMetadata},
    wire_time::WireTime,
    work::Message,
};

pub mod budget;
pub mod deliver;
#[cfg(feature = "testing-only")]
pub mod drain;
pub mod search;

/// Permanent name of the projection that serves audits.
pub const AUDITS: &str = "audits";

/// An audit as operators see it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Audit)]
pub struct AuditView {
    /// `audit_…`
    pub id: String,
    /// What happened, for example `HMACAuthentication.Failed.InvalidSignature`.
    pub audit_code: String,
    /// Whose doing it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against_id: Option<String>,
    /// The organization that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// A sentence with `{0}`, `{1}` and so on for the arguments; may be empty.
    pub message_template: String,
    /// Its arguments.
    pub template_arguments: Vec<String>,
    /// When it was stored, UTC.
    pub created: WireTime,
}

/// The answer of searches for audits.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SearchAllAuditsResponse {
    /// One page.
    #[schema(value_type = Vec<AuditView>)]
    pub audits: Rows<AuditView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

/// The read model of audits.
#[async_trait]
pub trait AuditReads: Send + Sync {
    /// Those stored after a point in time, of one organization or of the whole platform.
    async fn audits(
        &self,
        organization: Option<&OrganizationId>,
        since: Timestamp,
        search: &Search,
    ) -> Result<Found<AuditView>>;
}

/// What the queue of audits carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AuditMessage {
    /// What happened; without it the message is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_code: Option<String>,
    /// Whose doing it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against_id: Option<String>,
    /// See [`AuditView::message_template`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<String>>,
}

impl Message for AuditMessage {
    const QUEUE: WorkQueue = WorkQueue::Audits;
}

impl AuditMessage {
    /// Of something that happened in a call.
    #[must_use]
    pub fn of(call: &Call, audit: &Audited<'_>) -> Self {
        Self {
            audit_code: Some(audit.code.to_owned()),
            against_id: Some(audit.against.unwrap_or(&call.caller.id).to_string()),
            message_template: Some(audit.template.to_owned()),
            arguments: Some(audit.arguments.iter().map(|text| (*text).to_owned()).collect()),
        }
    }
}

impl App {
    /// Audits what the call does: with its next append, all or nothing, as [`Self::enqueue`] has
    /// it. What must be kept although the call fails goes to [`crate::ports::Recorder::audit`].
    ///
    /// # Errors
    /// As [`Self::enqueue`].
    pub fn audit(&self, call: &Call, audit: &Audited<'_>) -> Result<()> {
        self.enqueue(call, &AuditMessage::of(call, audit))?;
        trace(call, audit);
        self.usage(call, USAGE, &usage(call, audit))
    }
}

/// The usage that goes with every audit.
pub const USAGE: &str = "Audited";

/// Its properties.
#[must_use]
pub fn usage(call: &Call, audit: &Audited<'_>) -> [(&'static str, Value); 2] {
    let against = audit.against.unwrap_or(&call.caller.id);
    [("UserId", json!(against)), ("Code", json!(audit.code.to_lowercase()))]
}

/// The log line that goes with every audit.
pub fn trace(call: &Call, audit: &Audited<'_>) {
    let against = audit.against.unwrap_or(&call.caller.id);
    tracing::info!(
        target: "audit",
        code = audit.code,
        against_id = %against,
        call_id = call.correlation,
        caller_id = %call.caller.id,
        tenant_id = call.tenant.as_ref().map(OrganizationId::as_str),
        "audited"
    );
}
