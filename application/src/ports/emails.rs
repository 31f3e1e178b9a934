//! Writing e-mails, and getting them to people.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{Result, emails::Mail};

/// Somebody who sends or gets e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The address.
    pub address: String,
    /// Shown in place of the address.
    pub name: String,
}

/// What an e-mail says.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who writes.
    pub from: Mailbox,
    /// One line.
    pub subject: String,
    /// For those who see HTML.
    pub html: String,
    /// For the others.
    pub text: String,
}

/// The texts of the product's e-mails.
pub trait MailTemplates: Send + Sync {
    /// Writes one.
    ///
    /// # Errors
    /// Unexpected, if its template can't be filled.
    fn write(&self, mail: &Mail) -> Result<Letter>;
}

/// An e-mail on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingEmail {
    /// The id of the message that asked for it: the same whenever it is tried again.
    pub message_id: String,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Who writes.
    pub from: Mailbox,
    /// Who gets it.
    pub to: Mailbox,
    /// What it says.
    pub content: EmailContent,
    /// What the provider's statistics know it by.
    pub tags: Vec<String>,
}

/// What an e-mail says.
#[derive(Clone, PartialEq, Eq)]
pub enum EmailContent {
    /// It is complete.
    Html {
        /// One line.
        subject: String,
        /// For those who see HTML.
        html: String,
        /// For the others; nothing if the sender made no such text.
        text: Option<String>,
    },
    /// The provider completes it.
    Templated {
        /// The provider's name of the template.
        template_id: String,
        /// One line, if the template has none.
        subject: Option<String>,
        /// What fills the template.
        substitutions: BTreeMap<String, String>,
    },
}

/// Whoever gets e-mails to people.
#[async_trait]
pub trait EmailProvider: Send + Sync {
    /// Sends one. Returns the receipt that later reports about it name.
    ///
    /// # Errors
    /// Unexpected, if it was not accepted, without what the e-mail says or who gets it.
    async fn send(&self, email: &OutgoingEmail) -> Result<String>;
}
