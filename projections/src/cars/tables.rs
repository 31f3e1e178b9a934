//! What the read model of cars looks like.

use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 1;

/// Every car that was not deleted.
pub(super) static CARS: Table = Table {
    name: "cars",
    key: "id",
    columns: &[
        Column::text("organization_id"),
        Column::text("status"),
        Column::text("make").or_null(),
        Column::text("model").or_null(),
        Column::int("year").or_null(),
        Column::text("jurisdiction").or_null(),
        Column::text("number").or_null(),
        Column::text("owner_id").or_null(),
        // Ids of users.
        Column::json("managers"),
        // When its last event was appended.
        Column::time("last_persisted_at"),
        // How many events the car has.
        Column::int("version"),
    ],
    indexes: &[&["organization_id", "last_persisted_at", "id"]],
};

/// Periods in which cars are not available: from `starts_at` (included) to `ends_at` (excluded).
pub(super) static UNAVAILABILITIES: Table = Table {
    name: "unavailabilities",
    key: "id",
    columns: &[
        Column::text("organization_id"),
        Column::text("car_id"),
        Column::time("starts_at"),
        Column::time("ends_at"),
        Column::text("caused_by"),
        Column::text("reference").or_null(),
        Column::time("last_persisted_at"),
    ],
    indexes: &[&["car_id", "starts_at"]],
};
