//! What third parties tell us.

pub mod chargebee;
pub mod mailgun;
mod sender;
