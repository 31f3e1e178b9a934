//! Events, read models and their checkpoints, on PostgreSQL and SQLite.

pub mod log;
pub mod migrations;
