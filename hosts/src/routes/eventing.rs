//! Domain events for others.

use application::eventing::{log::ReadDomainEvents, notify::NotifyDomainEvent};

use crate::http::route::{Route, get, post};

/// Reading the log, and delivering by message.
pub const ROUTES: &[Route] = &[
    get::<ReadDomainEvents>("/domain_events").unrecorded(),
    post::<NotifyDomainEvent>("/event_notifications").unrecorded(),
    #[cfg(feature = "testing-only")]
    get::<application::testing_only::notifications::SearchAllEventNotifications>(
        "/event_notifications",
    )
    .unrecorded(),
    #[cfg(feature = "testing-only")]
    post::<application::testing_only::platform::DrainAllEventNotifications>(
        "/event_notifications/drain",
    )
    .unrecorded(),
];
