//! E-mails: what the product writes to people, and what became of it.

use async_trait::async_trait;
use domain::{
    emails::delivery,
    kernel::{EmailAddress, OrganizationId, Timestamp},
};
use serde::Serialize;

use crate::{
    App, Call, Result,
    search::{Found, Rows, Search, SearchMetadata},
    wire_time::WireTime,
};

#[cfg(feature = "testing-only")]
pub mod confirm;
#[cfg(feature = "testing-only")]
pub mod drain;
pub mod mail;
pub mod masking;
pub mod message;
pub mod reports;
pub mod search;
pub mod send;

pub use mail::Mail;
pub use message::EmailMessage;

/// Permanent name of the projection that serves e-mails.
pub const EMAILS: &str = "emails";

/// An e-mail as operators see it. One-time tokens in its body are masked, so that nobody takes over
/// an account through it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveredEmail)]
pub struct EmailView {
    /// `emaildelivery_…`
    pub id: String,
    /// The organization that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// When it was asked for, UTC.
    pub created: WireTime,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// HTML; absent if the provider made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Who gets it.
    pub to_email_address: String,
    /// How they are called.
    pub to_display_name: String,
    /// When it was tried, UTC, the first time first.
    pub attempts: Vec<WireTime>,
    /// Whether the provider took it.
    pub is_sent: bool,
    /// When it did, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<WireTime>,
    /// Whether it arrived.
    pub is_delivered: bool,
    /// When it did, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<WireTime>,
    /// Whether it will never arrive.
    pub is_delivery_failed: bool,
    /// When that was known, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_delivery_at: Option<WireTime>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_delivery_reason: Option<String>,
    /// What it is found by.
    pub tags: Vec<String>,
}

/// The answer of searches for e-mails.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SearchEmailDeliveriesResponse {
    /// One page.
    #[schema(value_type = Vec<EmailView>)]
    pub emails: Rows<EmailView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

/// Which e-mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailFilter {
    /// Those of one organization.
    pub organization: Option<OrganizationId>,
    /// Those that were asked for after this.
    pub since: Timestamp,
    /// Those that have all of these tags.
    pub tags: Vec<String>,
}

/// The read model of e-mails.
#[async_trait]
pub trait EmailReads: Send + Sync {
    /// A page of those that a filter lets through.
    async fn emails(&self, filter: &EmailFilter, search: &Search) -> Result<Found<EmailView>>;
}

impl App {
    /// Queues an e-mail with the next append of the call, all or nothing, as [`Self::enqueue`] has
    /// it. Its texts are made now, so that they say what was true when it was decided.
    ///
    /// # Errors
    /// Unexpected, if its template can't be filled.
    #[expect(clippy::needless_pass_by_value, reason = "whoever mails has no use for it afterwards")]
    pub fn mail(&self, call: &Call, mail: Mail) -> Result<()> {
        let letter = self.mail_templates.write(&mail)?;
        let sealed_for = delivery::subject_of(&self.mailbox(mail.to()));
        self.enqueue(call, &EmailMessage::of(&mail, letter, sealed_for))
    }

    /// What stands for an address in events, so that nobody learns it from them.
    #[must_use]
    pub fn mailbox(&self, address: &EmailAddress) -> String {
        self.vault.digest("mailbox", address.as_str())
    }
}
