//! Audits.

mod reads;
mod tables;

use application::{audits::AUDITS as NAME, ports::Recorded};
use domain::audits::AuditEvent;
use store::{
    db::Value,
    projections::{Changes, ProjectError, Projection},
};

pub use reads::AuditTables;
use tables::AUDITS as TABLE;

/// The read model of audits.
pub const AUDITS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE],
    handles: &[("audit", "created")],
    project,
};

fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    match recorded.decode::<AuditEvent>()? {
        AuditEvent::Created {
            against_id,
            audit_code,
            message_template,
            template_arguments,
            organization_id,
            host_region,
        } => changes.upsert(
            &TABLE,
            recorded.stream.id.as_str(),
            [
                ("organization_id", organization_id.map(|id| id.to_string()).into()),
                ("against_id", against_id.into()),
                ("audit_code", audit_code.into()),
                ("message_template", message_template.into()),
                ("template_arguments", Value::json(&template_arguments)?),
                ("host_region", host_region.into()),
                ("created_at", recorded.recorded_at.into()),
                ("position", recorded.position.into()),
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_an_audit_is_handled() {
        let known: Vec<_> = AuditEvent::CATALOG.iter().map(|e| (e.aggregate, e.name)).collect();
        assert_eq!(AUDITS.handles, known);
    }
}
