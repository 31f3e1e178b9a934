//! What acceptance tests are made of: hosts started in process or as the shipped binary, people
//! with tokens, and requests as any client would send them.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness fails the test by panicking"
)]

mod answer;
mod app;
pub mod binary;
mod broker;
mod cars;
mod database;
mod deployment;
pub mod events;
mod everywhere;
mod forgeries;
pub mod people;
pub mod registrations;
mod request;
pub mod subscriptions;
pub mod upstream;
mod work;

pub use answer::Answer;
pub use app::TestApp;
pub use broker::Broker;
pub use database::Database;
pub use deployment::Deployment;
pub use everywhere::{run, run_with};
pub use people::Person;
pub use request::Request;

/// A name that no other test has, in this process or another.
#[must_use]
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let started = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}_{started}_{number}", std::process::id())
}
