//! What third parties notify us of.

use application::webhooks::{chargebee::NotifyChargebeeEvent, mailgun::NotifyMailgunEvent};

use crate::http::route::{Route, post};

/// Everything about notifications of third parties; each has its own proof.
pub const ROUTES: &[Route] = &[
    post::<NotifyChargebeeEvent>("/webhooks/chargebee").secret(),
    post::<NotifyMailgunEvent>("/webhooks/mailgun").secret(),
];
