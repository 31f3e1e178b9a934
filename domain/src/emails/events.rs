//! What happens to e-mails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::{EmailAddress, OrganizationId, Timestamp};

/// Who makes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentType {
    /// We do.
    Html,
    /// The provider does, from a template that it has.
    Templated,
}

crate::events! {
    /// What happens to the delivery of an e-mail.
    pub enum EmailDeliveryEvent in "emails" for "email_delivery" {
        /// An e-mail was asked for. `mailbox` stands for the recipient's address without telling
        /// it; `host_region` is where it is sent from.
        private Created = "created" v 1 {
            message_id: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            organization_id: Option<OrganizationId>,
            host_region: String, when: Timestamp, mailbox: String,
        },
        /// What it says. `secrets` are the one-time tokens and codes in it.
        private EmailDetailsChanged = "email_details_changed" v 1 {
            content_type: ContentType,
            #[serde(skip_serializing_if = "Option::is_none")]
            template_id: Option<String>,
            tags: Vec<String>,
        } sealed {
            #[serde(skip_serializing_if = "Option::is_none")]
            subject: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            body: Option<String>,
            substitutions: BTreeMap<String, String>,
            to_email_address: EmailAddress, to_display_name: String, secrets: Vec<String>,
        },
        /// The provider is asked to send it; UTC, later than every try before.
        private SendingAttempted = "sending_attempted" v 1 { when: Timestamp },
        /// The provider did not take it.
        private SendingFailed = "sending_failed" v 1 { when: Timestamp },
        /// The provider took it; reports about it name the receipt.
        private SendingSucceeded = "sending_succeeded" v 1 { receipt_id: String, when: Timestamp },
        /// The provider reports that it arrived, whatever it reported before.
        private DeliveryConfirmed = "delivery_confirmed" v 1 {
            receipt_id: String, when: Timestamp,
        },
        /// The provider reports that it will never arrive.
        private DeliveryFailureConfirmed = "delivery_failure_confirmed" v 1 {
            receipt_id: String, when: Timestamp,
        } sealed { reason: String },
    }
}
