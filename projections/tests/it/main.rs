//! Read models on both engines.

mod cars;
mod support;
