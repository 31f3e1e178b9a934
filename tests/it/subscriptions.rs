//! Subscriptions at the provider that is built in.

mod buyers;
mod looking;
mod migrating;
mod unrouted;
