//! Tasks of the project: what the tests need, and running them. Only the standard library, so that
//! the first answer comes before anything heavy is compiled.

pub mod broker;
pub mod cluster;
pub mod containers;
mod folder;
pub mod port;
pub mod postgres;
pub mod proxy;
pub mod rabbitmq;
pub mod servers;
pub mod steps;
pub mod tasks;

use std::time::Duration;

/// Why a task stops: one sentence for the person in front of it.
pub type Result<T> = std::result::Result<T, String>;

/// Reads an environment variable; empty counts as unset.
#[expect(clippy::disallowed_methods, reason = "tasks are not hosts: they have no settings file")]
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Asks again and again until there is an answer; `None` when the time is up.
#[expect(
    clippy::disallowed_methods,
    reason = "tasks are synchronous: there is no runtime to block"
)]
pub fn wait_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = std::time::Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
