//! Every route of the API: one list per subdomain.

pub mod cars;

use crate::http::route::Route;

/// All lists, each with the tag that documentation groups it under.
pub const ALL: &[(&str, &[Route])] = &[("Cars", cars::ROUTES)];
