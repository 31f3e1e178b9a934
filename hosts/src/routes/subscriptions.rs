//! Subscriptions.

use application::subscriptions::inspect::GetSubscription;

use crate::http::route::{Route, get};

/// Everything about subscriptions.
pub const ROUTES: &[Route] = &[get::<GetSubscription>("/subscriptions/{id}")];
