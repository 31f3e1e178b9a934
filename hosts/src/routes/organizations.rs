//! Organizations.

use application::organizations::inspect::GetOrganization;

use crate::http::route::{Route, get};

/// Everything about organizations.
pub const ROUTES: &[Route] = &[get::<GetOrganization>("/organizations/{id}")];
