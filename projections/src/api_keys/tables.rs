//! What the read model of API keys looks like.

use domain::kernel::Timestamp;
use store::{
    db::{Kind, Value},
    projections::{Column, Table},
};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 1;

/// Every key that was not deleted, of users that were not erased.
pub(super) static API_KEYS: Table = Table {
    name: "api_keys",
    key: "id",
    columns: &[
        Column::text("user_id"),
        // The part that is no secret.
        Column::text("token"),
        Column::text("description").or_null(),
        Column::time("expires_at").or_null(),
        Column::time("revoked_at").or_null(),
        // Of its last event: orders what was changed at the same time.
        Column::int("position"),
    ],
    indexes: &[&["user_id", "position"]],
};

/// A point in time, if there is one.
pub(super) fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null(Kind::Time), Value::from)
}
