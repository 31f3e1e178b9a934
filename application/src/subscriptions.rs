//! Subscriptions: how they come to be.

pub mod reactions;
