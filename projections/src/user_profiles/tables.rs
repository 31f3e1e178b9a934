//! What the read model of user profiles looks like.

use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 3;

/// Every profile.
pub(super) static USER_PROFILES: Table = Table {
    name: "user_profiles",
    key: "id",
    columns: &[
        Column::text("user_id"),
        Column::text("classification"),
        Column::text("first_name"),
        Column::text("last_name").or_null(),
        Column::text("display_name"),
        Column::text("email_address").or_null(),
        Column::text("phone_number").or_null(),
        Column::text("timezone"),
        Column::text("locale"),
        Column::text("line1").or_null(),
        Column::text("line2").or_null(),
        Column::text("line3").or_null(),
        Column::text("city").or_null(),
        Column::text("state").or_null(),
        Column::text("country_code"),
        Column::text("zip").or_null(),
        Column::text("default_organization_id").or_null(),
        // How many events the profile has.
        Column::int("version"),
    ],
    indexes: &[],
};

/// Profiles of erased users. Their own events may be read after the erasure, by whoever reads another
/// part of the log: what says who it was is not shown of these, whatever the other table has.
pub(super) static ERASED: Table =
    Table { name: "erased_profiles", key: "id", columns: &[Column::int("position")], indexes: &[] };
