//! What the read model of end users looks like. Nothing in it says who somebody is.

use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 1;

/// Every end user.
pub(super) static END_USERS: Table = Table {
    name: "end_users",
    key: "id",
    columns: &[
        Column::text("access"),
        Column::text("status"),
        Column::text("classification"),
        // Names of features of the platform.
        Column::json("features"),
        // How many events the user has.
        Column::int("version"),
    ],
    indexes: &[],
};

/// Roles of the platform that users were given, also those that another one of the same user grants;
/// the key is user and role.
pub(super) static ROLES: Table = Table {
    name: "end_user_roles",
    key: "id",
    columns: &[Column::text("user_id"), Column::text("role"), Column::int("position")],
    indexes: &[&["user_id", "position"]],
};

/// Where users are members.
pub(super) static MEMBERSHIPS: Table = Table {
    name: "memberships",
    key: "id",
    columns: &[
        Column::text("user_id"),
        Column::text("organization_id"),
        Column::text("ownership"),
        Column::bool("is_default"),
        // Names of roles in the organization.
        Column::json("roles"),
        // Names of features in the organization.
        Column::json("features"),
        // Of the event that it began with.
        Column::int("position"),
    ],
    indexes: &[&["user_id", "position"]],
};
