//! The engine behind projections and reactions, on both engines of databases.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failure here is a failed test"
)]

mod billing;
mod carrying;
mod claims;
mod exactly_once;
mod features;
mod feeds;
mod kettles;
mod letters;
mod operating;
mod outage;
mod parts;
mod reactions;
mod relay;
mod replaying;
mod strangers;
mod stubs;
mod support;
mod versions;
mod webhooks;
mod work;
