//! Machines: users that call with a key of their own.

pub mod register;
