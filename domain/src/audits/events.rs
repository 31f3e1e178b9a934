//! What happens to audits.

use crate::kernel::OrganizationId;

crate::events! {
    /// What happens to an audit: it is written once.
    pub enum AuditEvent in "audits" for "audit" {
        /// Something happened that must be provable later. `template_arguments` fill `{0}`, `{1}`
        /// and so on of the template; `host_region` is where it was stored.
        private Created = "created" v 1 {
            #[serde(skip_serializing_if = "Option::is_none")]
            against_id: Option<String>,
            audit_code: String, message_template: String, template_arguments: Vec<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            organization_id: Option<OrganizationId>,
            host_region: String,
        },
    }
}
