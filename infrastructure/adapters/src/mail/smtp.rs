//! E-mails through a mail server.

use std::{sync::Arc, time::Duration};

use application::{
    Error, Result,
    ports::{Clock, EmailContent, EmailProvider, Mailbox, OutgoingEmail},
};
use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::AddressError,
    message::{self, MultiPart, SinglePart, header},
    transport::smtp::{self, PoolConfig},
};

use super::{one_line, receipt_of};
use crate::secret::Secret;

/// How long the server may take for one step.
const STEP: Duration = Duration::from_secs(10);
/// How long it may take for all of them: less than whoever delivers the message waits.
const ALL: Duration = Duration::from_secs(20);

/// The text is no URL of a mail server. What the parser says may repeat the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "SMTP_URL must be smtp://user:password@host:port or smtps://…, with user and password percent-encoded"
)]
pub struct InvalidUrl;

/// How long a connection is kept for the next e-mail. It is not ended after each one: a server that
/// has taken an e-mail and then says nothing to a farewell must not make it fail.
const KEPT: Duration = Duration::from_secs(30);
/// How many connections are kept; more are ended when they have served.
const CONNECTIONS: u32 = 4;

/// Sends through a server that a URL names: `smtp://` encrypts with STARTTLS or refuses to send,
/// `smtp://…?tls=none` does not, `smtps://` encrypts from the first byte.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    clock: Arc<dyn Clock>,
}

impl Smtp {
    /// Through the server at this URL. Does not connect yet.
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn new(url: &Secret, clock: Arc<dyn Clock>) -> std::result::Result<Self, InvalidUrl> {
        let url = meant(url.expose()).ok_or(InvalidUrl)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url);
        let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(KEPT);
        let builder = builder.map_err(|_| InvalidUrl)?.timeout(Some(STEP)).pool_config(pool);
        let transport = builder.build();
        Ok(Self { transport, clock })
    }

    fn message(&self, email: &OutgoingEmail) -> std::result::Result<Message, Unsendable> {
        let EmailContent::Html { subject, html, text } = &email.content else {
            return Err(Unsendable::Templated);
        };
        let host = email.from.address.rsplit('@').next().unwrap_or_default();
        let id = format!("<{}@{host}>", receipt_of(email));
        let html = SinglePart::html(html.clone());
        let builder = Message::builder()
            .from(mailbox(&email.from)?)
            .to(mailbox(&email.to)?)
            .subject(one_line(subject))
            .message_id(Some(id))
            .date(self.clock.now().get().into())
            .header(header::MIME_VERSION_1_0);
        Ok(match text {
            Some(text) => builder.multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::plain(text.clone()))
                    .singlepart(html),
            )?,
            None => builder.singlepart(html)?,
        })
    }
}

/// Why an e-mail can't even be tried.
#[derive(Debug, thiserror::Error)]
enum Unsendable {
    #[error("mail servers have no templates")]
    Templated,
    #[error("an address of the e-mail can't be used")]
    Address(#[from] AddressError),
    #[error("the e-mail can't be put together")]
    Message(#[from] lettre::error::Error),
}

/// A URL as `lettre` has it, which without a word about TLS would not encrypt.
fn meant(url: &str) -> Option<String> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let encrypted = base.starts_with("smtps://");
    match query {
        "" if encrypted => Some(base.to_owned()),
        "" if base.starts_with("smtp://") => Some(format!("{base}?tls=required")),
        "tls=required" | "tls=opportunistic" if base.starts_with("smtp://") => Some(url.to_owned()),
        "tls=none" if base.starts_with("smtp://") => Some(base.to_owned()),
        _ => None,
    }
}

fn mailbox(of: &Mailbox) -> std::result::Result<message::Mailbox, AddressError> {
    Ok(message::Mailbox::new(Some(one_line(&of.name)), of.address.parse()?))
}

/// What went wrong, without the server's own words: they may repeat the recipient's address.
fn why(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("the mail server answered {code}");
    }
    let what = if error.is_timeout() {
        "it took too long"
    } else if error.is_tls() {
        "the connection can't be encrypted"
    } else if error.is_client() || error.is_response() {
        "it speaks another dialect"
    } else {
        "it can't be reached"
    };
    format!("the mail server could not take the e-mail: {what}")
}

#[async_trait]
impl EmailProvider for Smtp {
    async fn send(&self, email: &OutgoingEmail) -> Result<String> {
        let message = self.message(email).map_err(|error| Error::unexpected(error.to_string()))?;
        let sent = tokio::time::timeout(ALL, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(receipt_of(email)),
            Ok(Err(error)) => Err(Error::unexpected(why(&error))),
            Err(_) => Err(Error::unexpected("the mail server took too long")),
        }
    }
}

#[cfg(test)]
mod tests;
