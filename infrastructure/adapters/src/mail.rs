//! Writing e-mails, and getting them to people: one adapter of the port for each way.

pub mod files;
pub mod mailgun;
pub mod smtp;
pub mod templates;
#[cfg(feature = "testing-only")]
pub mod testing;

use application::{
    Result,
    ports::{EmailProvider, OutgoingEmail},
};
use async_trait::async_trait;

/// Sends nothing, and says so in the log lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

#[async_trait]
impl EmailProvider for Nowhere {
    async fn send(&self, email: &OutgoingEmail) -> Result<String> {
        tracing::info!(message_id = email.message_id, "an e-mail went nowhere, as it is set up");
        Ok(receipt_of(email))
    }
}

/// The receipt where whoever takes the e-mail gives none: the digits of its message.
fn receipt_of(email: &OutgoingEmail) -> String {
    let digits = email.message_id.rsplit('_').next().unwrap_or_default();
    format!("receipt_{digits}")
}

/// A text as one line of a header: nobody adds headers through a name.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod samples {
    use application::ports::{EmailContent, Mailbox, OutgoingEmail};

    /// An e-mail with everything.
    pub fn email() -> OutgoingEmail {
        OutgoingEmail {
            message_id: "emails_0123456789abcdef0123456789abcdef".into(),
            attempt: 1,
            from: Mailbox { address: "noreply@example.com".into(), name: "Support".into() },
            to: Mailbox { address: "ann@example.com".into(), name: "Ann O’Neil".into() },
            content: EmailContent::Html {
                subject: "Wëlcome".into(),
                html: "<p>Hello <a href=\"http://x/y?token=a%2Bb&amp;c=1\">there</a></p>".into(),
                text: Some("Hello\n\nhttp://x/y?token=a%2Bb&c=1\n".into()),
            },
            tags: vec!["user".into(), "registration".into()],
        }
    }
}
