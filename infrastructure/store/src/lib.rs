//! Events, read models and their checkpoints, on PostgreSQL and SQLite.

pub mod api_key_uses;
pub mod backoff;
pub mod claims;
pub mod consumers;
pub mod cqrs;
pub mod db;
mod forgetting;
pub mod log;
pub mod migrations;
pub mod notifications;
pub mod projections;
pub mod relay;
pub mod sealing;
pub mod signing_keys;
pub mod strangers;
pub mod subject_keys;
#[cfg(feature = "testing-only")]
pub mod testing_clock;
pub mod used_tokens;
pub mod webhooks;
pub mod work;
