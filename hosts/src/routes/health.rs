//! Health.

use application::health::HealthCheck;

use crate::http::route::{Route, Side, get};

/// Whether the host answers.
pub const ROUTES: &[Route] = &[get::<HealthCheck>("/health").unrecorded().on(Side::Every)];
