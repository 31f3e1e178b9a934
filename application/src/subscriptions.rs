//! Subscriptions: looking at them, and how they come to be.

pub mod inspect;
pub mod reactions;
