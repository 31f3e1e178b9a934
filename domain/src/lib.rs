//! The rules of Groundwork: aggregates, the events they emit and the values they are made of.
//!
//! Nothing here does IO, reads a clock or draws a random number: time, new ids and codes are
//! arguments. A decision is a synchronous method that returns events or a named error.

pub mod audits;
pub mod cars;
pub mod catalog;
pub mod emails;
pub mod end_users;
pub mod identities;
pub mod kernel;
pub mod organizations;
pub mod subscriptions;
pub mod user_profiles;
