//! Every route of the API: one list per subdomain.

pub mod audits;
pub mod cars;
pub mod eventing;
pub mod health;
#[cfg(feature = "testing-only")]
pub mod testing_only;

use crate::http::route::Route;

/// All lists, each with the tag that documentation groups it under.
pub const ALL: &[(&str, &[Route])] = &[
    ("Audits", audits::ROUTES),
    ("Cars", cars::ROUTES),
    ("EventNotifications", eventing::ROUTES),
    ("Health", health::ROUTES),
    #[cfg(feature = "testing-only")]
    ("TestingOnly", testing_only::ROUTES),
];
