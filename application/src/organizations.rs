//! Organizations: what they do when something happens to users and subscriptions.

pub mod reactions;
