//! E-mails: what the product writes to people, and what became of it.

pub mod mail;
pub mod message;

pub use mail::Mail;
pub use message::EmailMessage;

use crate::{App, Call, Result};

impl App {
    /// Queues an e-mail with the next append of the call, all or nothing, as [`Self::enqueue`] has
    /// it. Its texts are made now, so that they say what was true when it was decided.
    ///
    /// # Errors
    /// Unexpected, if its template can't be filled.
    pub fn mail(&self, call: &Call, mail: Mail) -> Result<()> {
        let letter = self.mail_templates.write(&mail)?;
        self.enqueue(call, &EmailMessage::of(mail, letter))
    }
}
