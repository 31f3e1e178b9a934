//! What the read model of subscriptions looks like.

use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 1;

/// Every subscription; its key is the twin of its organization's id.
pub(super) static SUBSCRIPTIONS: Table = Table {
    name: "subscriptions",
    key: "id",
    columns: &[
        Column::text("owning_entity_id"),
        Column::text("buyer_id"),
        // Nothing until a provider has it.
        Column::text("provider_name").or_null(),
        // Texts by name, in the provider's own words.
        Column::json("provider_state"),
        Column::text("buyer_reference").or_null(),
        Column::text("subscription_reference").or_null(),
        // How many events the subscription has.
        Column::int("version"),
        // Of the event that it began with.
        Column::int("position"),
    ],
    indexes: &[
        &["provider_name", "position"],
        &["buyer_reference", "position"],
        &["subscription_reference", "position"],
    ],
};
