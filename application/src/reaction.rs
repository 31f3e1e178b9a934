//! Reactions: what one subdomain does when something happens in another.

use std::{future::Future, pin::Pin};

use crate::{App, Call, Result, ports::Recorded};

/// Where a new reaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first event of the log.
    Origin,
    /// At whatever happens after it was installed.
    Now,
}

/// What a reaction does with an event.
pub type React = for<'a> fn(
    &'a App,
    &'a Call,
    &'a Recorded,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A list entry of `<subdomain>/reactions.rs`. It is delivered at least once and in order, so it
/// must be idempotent, and makes at most one append; the engine moves its checkpoint in that
/// append.
#[derive(Clone, Copy, Debug)]
pub struct Reaction {
    /// Permanent: it names the checkpoint.
    pub name: &'static str,
    /// Whose it is, one of [`crate::eventing::subscriptions::AREAS`].
    pub area: &'static str,
    /// Aggregate type and event name of everything that it handles.
    pub handles: &'static [(&'static str, &'static str)],
    /// Where it begins.
    pub start: Start,
    /// The effect. The call's caller is the maintenance service account.
    pub react: React,
}
