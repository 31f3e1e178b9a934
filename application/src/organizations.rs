//! Organizations: looking at them, and what they do when something happens to users and
//! subscriptions.

pub mod inspect;
pub mod reactions;
