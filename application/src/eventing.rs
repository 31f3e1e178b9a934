//! Domain events on their way to others.

pub mod integration;
pub mod log;
pub mod message;
pub mod notify;
pub mod subscriptions;
