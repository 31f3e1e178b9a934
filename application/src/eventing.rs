//! Domain events on their way to others.

pub mod message;
