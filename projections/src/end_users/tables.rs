//! What the read model of end users looks like. Nothing in it says who somebody is, but the addresses
//! at which guests were invited.

use domain::kernel::roles::Role;
use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 3;

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
        // The roles in the organization, also those that another one grants, by their names.
        Column::bool("tenant_billing_admin"),
        Column::bool("tenant_owner"),
        Column::bool("tenant_member"),
        Column::bool("tenant_other"),
        // Names of features in the organization.
        Column::json("features"),
        // Of the event that it began with.
        Column::int("position"),
    ],
    indexes: &[
        &["user_id", "position"],
        // Of each order that members of an organization may be listed in.
        &["organization_id", "position", "id"],
        &["organization_id", "id"],
        &["organization_id", "user_id", "id"],
        &["organization_id", "is_default", "id"],
        &["organization_id", "tenant_owner", "id"],
    ],
};

/// Which column of a membership tells whether it has a role.
pub(super) fn role_column(role: Role) -> &'static str {
    match role {
        Role::TenantBillingAdmin => "tenant_billing_admin",
        Role::TenantOwner => "tenant_owner",
        Role::TenantMember => "tenant_member",
        // No build but those for tests has another.
        _ => "tenant_other",
    }
}

/// Where guests were invited, by user, until they register.
pub(super) static GUESTS: Table =
    Table { name: "guests", key: "id", columns: &[Column::text("email_address")], indexes: &[] };
