//! E-mails.

use application::emails::{search::SearchEmailDeliveries, send::SendEmail};

use crate::http::route::{Route, get, post};

/// Everything about e-mails. What is sent is known by its message, so it needs no other key.
pub const ROUTES: &[Route] = &[
    post::<SendEmail>("/emails/send").unrecorded().secret(),
    #[cfg(feature = "testing-only")]
    post::<application::emails::drain::DrainAllEmails>("/emails/drain").unrecorded(),
    #[cfg(feature = "testing-only")]
    post::<application::emails::confirm::ConfirmEmailDelivered>("/emails/delivered"),
    #[cfg(feature = "testing-only")]
    post::<application::emails::confirm::ConfirmEmailDeliveryFailed>("/emails/failed"),
    get::<SearchEmailDeliveries>("/emails").unrecorded(),
];
