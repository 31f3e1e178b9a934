//! What third parties notify us of.

use async_trait::async_trait;
use domain::kernel::Timestamp;

use crate::Result;

/// How the proof of a notification was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is good.
    Good,
    /// It is not; `counted` if another one was audited just before, as in a flood.
    Bad {
        /// Whether it need not be audited.
        counted: bool,
    },
}

/// Whether a notification is from whom it says.
pub trait WebhookProofs: Send + Sync {
    /// Judges a signature of Mailgun: HMAC-SHA256 of timestamp and token, in lower-case hex.
    fn mailgun(&self, timestamp: &str, token: &str, signature: &str, now: Timestamp) -> Proof;
}

/// A notification that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookNotification {
    /// `webhookevt_<source>.<event id>.<24 hex digits>`
    pub id: String,
    /// Who notified us, for example `mailgun_email`.
    pub source: &'static str,
    /// The third party's id of what happened.
    pub event_id: String,
    /// What happened.
    pub event_type: String,
    /// More about it, without anything personal.
    pub json_content: String,
    /// What its proof was, where no proof is good twice.
    pub proof: Option<String>,
}

/// How far we are with a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookStatus {
    /// It came; what it is about may be of no interest.
    Received,
    /// It had its effect.
    Processed,
    /// It could not have it.
    Failed,
}

impl WebhookStatus {
    /// Of what has been done with: whether it had an effect.
    #[must_use]
    pub fn of(had_effect: bool) -> Self {
        if had_effect { Self::Processed } else { Self::Received }
    }
    /// As it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }
}

/// The notifications that came.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Notes one. `false` if its proof came before, and nothing is left to do.
    ///
    /// # Errors
    /// Unavailable, if it can't be written.
    async fn received(&self, notification: &WebhookNotification) -> Result<bool>;
    /// Notes what became of it. Nothing is left to do, unless it failed.
    ///
    /// # Errors
    /// As [`Self::received`].
    async fn became(&self, notification: &WebhookNotification, status: WebhookStatus)
    -> Result<()>;
}
