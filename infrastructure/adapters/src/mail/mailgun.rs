//! E-mails through Mailgun.

mod proof;

use std::time::Duration;

use application::{
    Error, Result,
    ports::{EmailContent, EmailProvider, Mailbox, OutgoingEmail},
};
use async_trait::async_trait;
use domain::kernel::ErrorKind;
use reqwest::{Client, StatusCode, multipart::Form, redirect};
use serde::Deserialize;
use serde_json::json;

pub use proof::MailgunProofs;

use super::one_line;
use crate::secret::Secret;

/// How long one try may take; two of them are less than whoever delivers the message waits.
const LIMIT: Duration = Duration::from_secs(9);
/// How long to wait before the second try, and as much again by chance.
const PAUSE: Duration = Duration::from_millis(500);
/// What an answer may be long.
const LONGEST_ANSWER: usize = 64 * 1024;

/// An account at Mailgun.
#[derive(Clone)]
pub struct Account {
    /// For example `https://api.mailgun.net/v3`, or the one of Europe.
    pub base_url: String,
    /// The domain that sends.
    pub domain: String,
    /// Proves that we may.
    pub api_key: Secret,
}

/// Sends through an account.
pub struct Mailgun {
    client: Client,
    account: Account,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

impl Mailgun {
    /// Through this account.
    ///
    /// # Errors
    /// If there can be no client.
    pub fn new(account: Account) -> reqwest::Result<Self> {
        let client = Client::builder().timeout(LIMIT).redirect(redirect::Policy::none()).build()?;
        Ok(Self { client, account })
    }

    async fn attempt(&self, email: &OutgoingEmail) -> std::result::Result<String, Failure> {
        let Account { base_url, domain, api_key } = &self.account;
        let url = format!("{}/{domain}/messages", base_url.trim_end_matches('/'));
        let request = self.client.post(url).basic_auth("api", Some(api_key.expose()));
        let answer = request.multipart(form(email)).send().await.map_err(|error| {
            // Without the URL; and what timed out may have been sent.
            Failure {
                error: Error::unexpected("Mailgun can't be reached"),
                again: error.is_connect(),
            }
        })?;
        let status = answer.status();
        if !status.is_success() {
            let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            return Err(Failure { error: refusal(status), again });
        }
        let unreadable =
            || Failure { error: Error::unexpected("Mailgun's answer can't be read"), again: false };
        let body = answer.bytes().await.map_err(|_| unreadable())?;
        if body.len() > LONGEST_ANSWER {
            return Err(unreadable());
        }
        let accepted: Accepted = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        Ok(accepted.id.trim_start_matches('<').trim_end_matches('>').to_owned())
    }
}

struct Failure {
    error: Error,
    /// Whether another try may fare better.
    again: bool,
}

/// The same sort of refusal as theirs, without their words: they may repeat the recipient.
fn refusal(status: StatusCode) -> Error {
    let why = format!("Mailgun answered {}", status.as_u16());
    let kind = match status.as_u16() {
        400 => ErrorKind::Invalid,
        401 => ErrorKind::Unauthenticated,
        402 => ErrorKind::PaymentRequired,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        405 => ErrorKind::Precondition,
        409 => ErrorKind::Exists,
        423 => ErrorKind::Locked,
        _ => return Error::unexpected(why),
    };
    Error::refused(kind, "provider_refused", why)
}

fn form(email: &OutgoingEmail) -> Form {
    let mut form =
        Form::new().text("from", sender(&email.from)).text("to", email.to.address.clone());
    match &email.content {
        EmailContent::Html { subject, html, text } => {
            form = form.text("subject", one_line(subject)).text("html", html.clone());
            if let Some(text) = text {
                form = form.text("text", text.clone());
            }
        }
        EmailContent::Templated { template_id, subject, substitutions } => {
            if let Some(subject) = subject {
                form = form.text("subject", one_line(subject));
            }
            form = form.text("template", template_id.clone());
            if !substitutions.is_empty() {
                form = form.text("h:X-Mailgun-Variables", json!(substitutions).to_string());
            }
        }
    }
    let name = one_line(&email.to.name);
    if !name.is_empty() {
        let who = json!({ email.to.address.as_str(): { "Name": name, "Id": 1 } });
        form = form.text("recipient-variables", who.to_string());
    }
    for tag in &email.tags {
        form = form.text("o:tag", tag.clone());
    }
    let testing = if cfg!(feature = "testing-only") { "yes" } else { "no" };
    form.text("o:testmode", testing).text("o:tracking-opens", "no")
}

/// A name in quotes may hold commas (RFC 5322, 3.2.4).
fn sender(mailbox: &Mailbox) -> String {
    let name = one_line(&mailbox.name).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{name}\" <{}>", mailbox.address)
}

#[async_trait]
impl EmailProvider for Mailgun {
    async fn send(&self, email: &OutgoingEmail) -> Result<String> {
        match self.attempt(email).await {
            Ok(receipt) => Ok(receipt),
            Err(Failure { again: false, error }) => Err(error),
            Err(Failure { .. }) => {
                tokio::time::sleep(PAUSE + PAUSE.mul_f32(by_chance(email))).await;
                self.attempt(email).await.map_err(|failure| failure.error)
            }
        }
    }
}

/// From 0 to 1, as the random digits of the message have it.
fn by_chance(email: &OutgoingEmail) -> f32 {
    let last = email.message_id.chars().last().and_then(|digit| digit.to_digit(16));
    f32::from(u8::try_from(last.unwrap_or(8)).unwrap_or(8)) / 15.0
}

#[cfg(test)]
mod tests;
