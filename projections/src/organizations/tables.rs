//! What the read model of organizations looks like.

use store::projections::{Column, Table};

/// Grows with every change of the table or of what events do to it. The statement in `reads.rs`
/// names the view of this version.
pub(super) const VERSION: u32 = 2;

/// Every organization that was not deleted; the personal one of an erased user without its name.
pub(super) static ORGANIZATIONS: Table = Table {
    name: "organizations",
    key: "id",
    columns: &[
        Column::text("name"),
        Column::text("ownership"),
        Column::text("created_by_id"),
        // Who pays; its creator until somebody has subscribed.
        Column::text("subscriber_id"),
        Column::text("subscription_id").or_null(),
        // How many events the organization has.
        Column::int("version"),
    ],
    indexes: &[],
};
