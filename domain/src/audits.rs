//! Audits: what must be provable later.

pub mod audit;
pub mod events;

pub use audit::{Audit, NewAudit};
pub use events::AuditEvent;

crate::ids! {
    /// An audit.
    AuditId = "audit",
}
