//! What the queue of e-mails carries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Mail;
use crate::{
    ports::{Letter, WorkQueue},
    work::Message,
};

/// An e-mail to be sent: HTML, or a template that the provider has. It has no `Debug`: it may hold
/// one-time tokens.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EmailMessage {
    /// The e-mail itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<HtmlEmail>,
    /// What the provider makes the e-mail from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplatedEmail>,
    /// Whose key encrypts it while it waits.
    #[serde(skip)]
    pub sealed_for: Option<String>,
}

/// From whom, to whom, and how it is found.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HtmlEmail {
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The same for those who see no HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The sender's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_email_address: Option<String>,
    /// The sender's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_display_name: Option<String>,
    /// The recipient's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_email_address: Option<String>,
    /// The recipient's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_display_name: Option<String>,
    /// What operators find it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// One-time tokens and codes in its texts, which operators must not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
}

/// An e-mail that the provider makes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TemplatedEmail {
    /// The provider's name of the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// One line, if the template has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What fills the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, String>>,
    /// The sender's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_email_address: Option<String>,
    /// The sender's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_display_name: Option<String>,
    /// The recipient's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_email_address: Option<String>,
    /// The recipient's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_display_name: Option<String>,
    /// What operators find it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

impl Message for EmailMessage {
    const QUEUE: WorkQueue = WorkQueue::Emails;
    fn subject(&self) -> Option<String> {
        self.sealed_for.clone()
    }
}

impl EmailMessage {
    /// Of a mail and the texts that were made of it.
    #[must_use]
    pub fn of(mail: &Mail, letter: Letter, sealed_for: String) -> Self {
        let name = mail.display_name().to_owned();
        let tags = mail.tags().iter().map(|tag| (*tag).to_owned()).collect();
        let secrets = mail.token().map(|token| vec![token.to_owned()]);
        let html = HtmlEmail {
            subject: Some(letter.subject),
            body: Some(letter.html),
            text: Some(letter.text),
            from_email_address: Some(letter.from.address),
            from_display_name: Some(letter.from.name),
            to_email_address: Some(mail.to().to_string()),
            to_display_name: Some(name),
            tags: Some(tags),
            secrets,
        };
        Self { html: Some(html), template: None, sealed_for: Some(sealed_for) }
    }
}
