//! Telling a provider what customers use.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::Result;

/// Something that a customer used.
#[derive(Clone, PartialEq, Eq)]
pub struct Usage {
    /// Of the message that tells of it, which may be delivered more than once.
    pub message_id: Option<String>,
    /// Who used it.
    pub for_id: String,
    /// What it was, for example `Car Registered`.
    pub event_name: String,
    /// More about it.
    pub additional: BTreeMap<String, String>,
}

/// Whoever wants to know what customers use.
#[async_trait]
pub trait UsageProvider: Send + Sync {
    /// Whether anybody does: what nobody wants is not queued.
    fn is_wanted(&self) -> bool;
    /// Tells of one.
    ///
    /// # Errors
    /// Unexpected, if it was not accepted.
    async fn deliver(&self, usage: &Usage) -> Result<()>;
}
