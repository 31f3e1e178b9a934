//! Audits.

use application::audits::{deliver::DeliverAudit, search::SearchAllAudits};

use crate::http::route::{Route, get, post};

/// Everything about audits.
pub const ROUTES: &[Route] = &[
    post::<DeliverAudit>("/audits/deliver").unrecorded(),
    #[cfg(feature = "testing-only")]
    post::<application::audits::drain::DrainAllAudits>("/audits/drain").unrecorded(),
    get::<SearchAllAudits>("/audits").unrecorded(),
];
