//! End users.

use application::end_users::{
    assign_roles::AssignPlatformRoles, inspect::GetUserPrivate,
    unassign_roles::UnassignPlatformRoles,
};

use crate::http::route::{Route, get, post, put};

/// Everything about end users.
pub const ROUTES: &[Route] = &[
    get::<GetUserPrivate>("/users/{id}").undocumented(),
    post::<AssignPlatformRoles>("/users/{id}/roles"),
    put::<UnassignPlatformRoles>("/users/{id}/roles"),
];
