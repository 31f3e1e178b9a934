//! Read models on both engines.

#![expect(clippy::expect_used, reason = "a failure here is a failed test")]

mod cars;
mod emails;
mod indexes;
mod members;
mod organizations;
mod people;
mod support;
