//! Inviting guests to the platform.

pub mod invite;
pub mod resend;
pub mod verify;
