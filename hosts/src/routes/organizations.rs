//! Organizations.

use application::{
    end_users::members::ListMembersForOrganization, organizations::inspect::GetOrganization,
};

use crate::http::route::{Route, get};

/// Everything about organizations.
pub const ROUTES: &[Route] = &[
    get::<GetOrganization>("/organizations/{id}"),
    get::<ListMembersForOrganization>("/organizations/{id}/members"),
];
