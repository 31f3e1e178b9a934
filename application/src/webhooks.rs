//! What third parties tell us.

pub mod mailgun;
