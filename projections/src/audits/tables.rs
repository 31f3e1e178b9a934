//! What the read model of audits looks like.

use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 1;

/// Every audit.
pub(super) static AUDITS: Table = Table {
    name: "audits",
    key: "id",
    columns: &[
        Column::text("organization_id").or_null(),
        Column::text("against_id").or_null(),
        Column::text("audit_code"),
        Column::text("message_template"),
        // Texts.
        Column::json("template_arguments"),
        Column::text("host_region"),
        Column::time("created_at"),
        // Of its event: orders what was stored at the same time.
        Column::int("position"),
    ],
    indexes: &[&["created_at", "position"], &["organization_id", "created_at", "position"]],
};
