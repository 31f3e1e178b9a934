//! The audit.

use serde::{Deserialize, Serialize};

use super::events::AuditEvent;
use crate::kernel::{Aggregate, Evolve, OrganizationId};

/// An audit as its only event made it. Nothing is decided about it later, so nothing is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    created: bool,
}

/// What an audit says; see [`AuditEvent::Created`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the event documents them")]
pub struct NewAudit {
    pub against_id: Option<String>,
    pub audit_code: String,
    pub message_template: String,
    pub template_arguments: Vec<String>,
    pub organization_id: Option<OrganizationId>,
    pub host_region: String,
}

impl Audit {
    /// Writes it.
    #[must_use]
    pub fn create(new: NewAudit) -> Vec<AuditEvent> {
        let NewAudit {
            against_id,
            audit_code,
            message_template,
            template_arguments,
            organization_id,
            host_region,
        } = new;
        vec![AuditEvent::Created {
            against_id,
            audit_code,
            message_template,
            template_arguments,
            organization_id,
            host_region,
        }]
    }
}

impl Evolve for Audit {
    const TYPE: &'static str = "audit";
    type Event = AuditEvent;

    fn evolve(&mut self, event: &AuditEvent) {
        match event {
            AuditEvent::Created { .. } => self.created = true,
        }
    }
}

impl Aggregate for Audit {
    const STATE_VERSION: u32 = 1;

    /// The platform's, also when it is about an organization: only operators see it.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }

    fn is_deleted(&self) -> bool {
        false
    }
}
