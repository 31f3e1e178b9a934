//! The delivery of an e-mail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::events::{ContentType, EmailDeliveryEvent};
use crate::kernel::{
    Aggregate, DomainError, EmailAddress, ErrorKind, Evolve, OrganizationId, Timestamp,
};

/// How far a delivery is. What the e-mail says is not part of it: nothing is decided by that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailDelivery {
    /// Stands for the recipient's address.
    mailbox: String,
    attempts: u32,
    last_attempt: Option<Timestamp>,
    receipt: Option<String>,
    delivered: bool,
    failed: bool,
}

/// A delivery that is asked for; see [`EmailDeliveryEvent::Created`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the events document them")]
pub struct NewEmailDelivery {
    pub message_id: String,
    pub organization_id: Option<OrganizationId>,
    pub host_region: String,
    pub mailbox: String,
    /// The last one counts.
    pub emails: Vec<NewEmail>,
}

/// What an e-mail says; see [`EmailDeliveryEvent::EmailDetailsChanged`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the events document them")]
pub struct NewEmail {
    pub content_type: ContentType,
    pub template_id: Option<String>,
    pub tags: Vec<String>,
    pub subject: Option<String>,
    pub body: Option<String>,
    pub substitutions: BTreeMap<String, String>,
    pub to_email_address: EmailAddress,
    pub to_display_name: String,
    pub secrets: Vec<String>,
}

/// A broken rule of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailDeliveryError {
    /// Nobody tried to send it.
    #[error("nobody tried to send the e-mail")]
    NotAttempted,
    /// The provider took it already.
    #[error("the e-mail was sent already")]
    AlreadySent,
    /// The provider never took it.
    #[error("the e-mail was not sent yet")]
    NotSent,
    /// It arrived.
    #[error("the e-mail was delivered already")]
    AlreadyDelivered,
}

impl DomainError for EmailDeliveryError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Rule
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotAttempted => "email_not_attempted",
            Self::AlreadySent => "email_already_sent",
            Self::NotSent => "email_not_sent",
            Self::AlreadyDelivered => "email_already_delivered",
        }
    }
}

impl EmailDelivery {
    /// Asks for it, and tries to send it for the first time.
    #[must_use]
    pub fn begin(new: NewEmailDelivery, now: Timestamp) -> Vec<EmailDeliveryEvent> {
        let NewEmailDelivery { message_id, organization_id, host_region, mailbox, emails } = new;
        let created = EmailDeliveryEvent::Created {
            message_id,
            organization_id,
            host_region,
            when: now,
            mailbox,
        };
        let details = emails.into_iter().map(|email| EmailDeliveryEvent::EmailDetailsChanged {
            content_type: email.content_type,
            template_id: email.template_id,
            tags: email.tags,
            subject: email.subject,
            body: email.body,
            substitutions: email.substitutions,
            to_email_address: email.to_email_address,
            to_display_name: email.to_display_name,
            secrets: email.secrets,
        });
        let attempted = EmailDeliveryEvent::SendingAttempted { when: now };
        [created].into_iter().chain(details).chain([attempted]).collect()
    }

    /// Tries to send it again; nothing if it was sent.
    #[must_use]
    pub fn attempt(&self, now: Timestamp) -> Vec<EmailDeliveryEvent> {
        if self.is_sent() {
            return vec![];
        }
        let after = self.last_attempt.map(|last| last.plus(Duration::microseconds(1)));
        let when = after.map_or(now, |after| after.max(now));
        vec![EmailDeliveryEvent::SendingAttempted { when }]
    }

    /// The provider took it.
    ///
    /// # Errors
    /// [`EmailDeliveryError::NotAttempted`]; [`EmailDeliveryError::AlreadySent`].
    pub fn succeed(
        &self,
        receipt_id: String,
        when: Timestamp,
    ) -> Result<Vec<EmailDeliveryEvent>, EmailDeliveryError> {
        self.check_under_way()?;
        Ok(vec![EmailDeliveryEvent::SendingSucceeded { receipt_id, when }])
    }

    /// The provider did not take it.
    ///
    /// # Errors
    /// As [`Self::succeed`].
    pub fn fail(&self, when: Timestamp) -> Result<Vec<EmailDeliveryEvent>, EmailDeliveryError> {
        self.check_under_way()?;
        Ok(vec![EmailDeliveryEvent::SendingFailed { when }])
    }

    /// The provider reports that it arrived.
    ///
    /// # Errors
    /// [`EmailDeliveryError::NotSent`]; [`EmailDeliveryError::AlreadyDelivered`].
    pub fn confirm_delivery(
        &self,
        when: Timestamp,
    ) -> Result<Vec<EmailDeliveryEvent>, EmailDeliveryError> {
        let receipt_id = self.check_outstanding()?;
        Ok(vec![EmailDeliveryEvent::DeliveryConfirmed { receipt_id, when }])
    }

    /// The provider reports that it will never arrive; of several such reports the first counts.
    ///
    /// # Errors
    /// As [`Self::confirm_delivery`].
    pub fn confirm_failure(
        &self,
        reason: String,
        when: Timestamp,
    ) -> Result<Vec<EmailDeliveryEvent>, EmailDeliveryError> {
        let receipt_id = self.check_outstanding()?;
        if self.failed {
            return Ok(vec![]);
        }
        Ok(vec![EmailDeliveryEvent::DeliveryFailureConfirmed { receipt_id, when, reason }])
    }

    /// Whether the provider took it.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.receipt.is_some()
    }

    /// How often it was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    fn check_under_way(&self) -> Result<(), EmailDeliveryError> {
        if self.is_sent() {
            Err(EmailDeliveryError::AlreadySent)
        } else if self.attempts == 0 {
            Err(EmailDeliveryError::NotAttempted)
        } else {
            Ok(())
        }
    }

    fn check_outstanding(&self) -> Result<String, EmailDeliveryError> {
        let receipt = self.receipt.clone().ok_or(EmailDeliveryError::NotSent)?;
        if self.delivered { Err(EmailDeliveryError::AlreadyDelivered) } else { Ok(receipt) }
    }
}

impl Evolve for EmailDelivery {
    const TYPE: &'static str = "email_delivery";
    type Event = EmailDeliveryEvent;

    fn evolve(&mut self, event: &EmailDeliveryEvent) {
        match event {
            EmailDeliveryEvent::Created { mailbox, .. } => mailbox.clone_into(&mut self.mailbox),
            EmailDeliveryEvent::EmailDetailsChanged { .. }
            | EmailDeliveryEvent::SendingFailed { .. } => {}
            EmailDeliveryEvent::SendingAttempted { when } => {
                self.attempts += 1;
                self.last_attempt = Some(*when);
            }
            EmailDeliveryEvent::SendingSucceeded { receipt_id, .. } => {
                self.receipt = Some(receipt_id.clone());
            }
            EmailDeliveryEvent::DeliveryConfirmed { .. } => {
                self.delivered = true;
                self.failed = false;
            }
            EmailDeliveryEvent::DeliveryFailureConfirmed { .. } => self.failed = true,
        }
    }
}

impl Aggregate for EmailDelivery {
    const STATE_VERSION: u32 = 1;

    /// The platform's, also when it is about an organization: only operators see it.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }

    fn is_deleted(&self) -> bool {
        false
    }

    /// The mailbox: whose it is may not be known.
    fn subject(&self, _: &str) -> Option<String> {
        (!self.mailbox.is_empty()).then(|| subject_of(&self.mailbox))
    }
}

/// Whose key encrypts e-mails to a mailbox.
#[must_use]
pub fn subject_of(mailbox: &str) -> String {
    format!("mailbox_{mailbox}")
}

#[cfg(test)]
mod tests;
