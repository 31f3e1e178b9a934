//! Usages.

use application::usages::deliver::DeliverUsage;

use crate::http::route::{Route, post};

/// Everything about usages.
pub const ROUTES: &[Route] = &[
    post::<DeliverUsage>("/usages/deliver").unrecorded(),
    #[cfg(feature = "testing-only")]
    post::<application::usages::drain::DrainAllUsages>("/usages/drain").unrecorded(),
];
