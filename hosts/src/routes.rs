//! Every route of the API: one list per subdomain.

pub mod audits;
pub mod cars;
pub mod emails;
pub mod end_users;
pub mod eventing;
pub mod health;
pub mod identities;
pub mod organizations;
pub mod recording;
pub mod subscriptions;
#[cfg(feature = "testing-only")]
pub mod testing_only;
pub mod usages;
pub mod user_profiles;
pub mod webhooks;

use crate::http::route::Route;

/// All lists, each with the tag that documentation groups it under.
pub const ALL: &[(&str, &[Route])] = &[
    ("Audits", audits::ROUTES),
    ("Cars", cars::ROUTES),
    ("Emails", emails::ROUTES),
    ("EndUsers", end_users::ROUTES),
    ("EventNotifications", eventing::ROUTES),
    ("Health", health::ROUTES),
    ("Identities", identities::ROUTES),
    ("Organizations", organizations::ROUTES),
    ("Recording", recording::ROUTES),
    ("Subscriptions", subscriptions::ROUTES),
    #[cfg(feature = "testing-only")]
    ("TestingOnly", testing_only::ROUTES),
    ("Usages", usages::ROUTES),
    ("UserProfiles", user_profiles::ROUTES),
    ("Webhooks", webhooks::ROUTES),
];
