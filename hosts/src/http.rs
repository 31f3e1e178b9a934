//! HTTP: routes are declared as lists, everything else follows from them.

mod authentication;
mod binding;
mod consistency;
mod correlation;
mod crowd;
mod dispatch;
pub mod docs;
pub mod gateway;
pub mod health;
mod idempotency;
mod multipart;
mod negotiation;
pub mod observer;
pub mod openapi;
pub mod page;
mod pairs;
mod payload;
mod pipeline;
mod problem;
mod rate;
mod refusals;
mod reply;
pub mod route;
pub mod server;
pub mod settings;
mod shape;
pub mod site;
mod table;
mod tenancy;
#[cfg(test)]
mod tests;
mod xml;
