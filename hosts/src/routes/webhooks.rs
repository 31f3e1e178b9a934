//! What third parties notify us of.

use application::webhooks::mailgun::NotifyMailgunEvent;

use crate::http::route::{Route, post};

/// Everything about notifications of third parties; each has its own proof.
pub const ROUTES: &[Route] = &[post::<NotifyMailgunEvent>("/webhooks/mailgun").secret()];
