//! Sends an e-mail that its queue delivers.

use domain::{
    emails::{
        ContentType, EmailDelivery, EmailDeliveryError, EmailDeliveryId, NewEmail, NewEmailDelivery,
    },
    kernel::{EmailAddress, ErrorKind, IdToken, OrganizationId, Timestamp},
};
use serde::Deserialize;

use super::{
    EmailMessage,
    message::{HtmlEmail, TemplatedEmail},
    reports,
};
use crate::{
    App, Call, Error, Loaded, Policy, Result, UseCase,
    ports::{EmailContent, Mailbox, OutgoingEmail},
    repository::Decision,
    work::{DeliverMessageResponse, malformed, number_of, read},
};

/// Sends an e-mail; one that was sent is not sent again
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct SendEmail {
    /// JSON text of the queued message.
    #[schema(required)]
    pub message: Option<String>,
}

impl UseCase for SendEmail {
    const NAME: &'static str = "emails.send";
    const POLICY: Policy = Policy::internal();
    type Output = DeliverMessageResponse;

    async fn run(self, app: &App, call: &Call) -> Result<DeliverMessageResponse> {
        let (envelope, message) = read::<EmailMessage>(self.message.as_deref())?;
        if message.html.is_none() && message.template.is_none() {
            return Err(malformed("The message has neither Html nor Template"));
        }
        let message_id = envelope.message_id.unwrap_or_default();
        let number =
            number_of(&message_id).ok_or_else(|| malformed("The MessageId is malformed"))?;
        let organization = envelope.tenant_id.as_deref().map(OrganizationId::parse).transpose()?;
        let emails = Parts::of(message)?;
        let id = EmailDeliveryId::new(IdToken::from_bits(number));
        let asked = Asked { id: id.as_str(), message_id: &message_id, organization, emails };
        let delivery = asked.attempt(app, call).await?;
        if delivery.state.is_sent() {
            return Ok(DeliverMessageResponse::SENT);
        }
        match asked.send(app, delivery.state.attempts()).await {
            Ok(receipt) => asked.succeeded(app, call, receipt).await?,
            Err(error) => {
                let now = app.clock.now();
                asked.failed(app, call, now).await?;
                return Err(error);
            }
        }
        Ok(DeliverMessageResponse::SENT)
    }
}

/// Whom the message is from and to, and every e-mail that it asks for.
struct Parts {
    from: Mailbox,
    to: Mailbox,
    address: EmailAddress,
    emails: Vec<(NewEmail, Option<String>)>,
}

impl Parts {
    /// Judges a message. Where it asks for both kinds, HTML names the addresses.
    fn of(message: EmailMessage) -> Result<Self> {
        let EmailMessage { html, template, .. } = message;
        let addresses = match (&html, &template) {
            (Some(html), _) => [
                &html.to_email_address,
                &html.to_display_name,
                &html.from_email_address,
                &html.from_display_name,
            ],
            (None, Some(template)) => [
                &template.to_email_address,
                &template.to_display_name,
                &template.from_email_address,
                &template.from_display_name,
            ],
            (None, None) => [&None; 4],
        };
        let [to, to_name, from, from_name] = addresses.map(|text| text.clone().unwrap_or_default());
        let address = EmailAddress::parse(to.trim())?;
        EmailAddress::parse(from.trim())?;
        if to_name.trim().is_empty() || from_name.trim().is_empty() {
            return Err(malformed("The sender or the recipient has no name"));
        }
        let mut parts = Self {
            from: Mailbox { address: from.trim().to_owned(), name: from_name },
            to: Mailbox { address: to.trim().to_owned(), name: to_name },
            address,
            emails: vec![],
        };
        if let Some(html) = html {
            parts.add_html(html)?;
        }
        if let Some(template) = template {
            parts.add_template(template)?;
        }
        Ok(parts)
    }

    fn add_html(&mut self, html: HtmlEmail) -> Result<()> {
        let (Some(subject), Some(body)) = (present(html.subject), present(html.body)) else {
            return Err(malformed("The e-mail has no Subject or no Body"));
        };
        let email = NewEmail {
            content_type: ContentType::Html,
            template_id: None,
            tags: html.tags.unwrap_or_default(),
            subject: Some(subject),
            body: Some(body),
            substitutions: [].into(),
            to_email_address: self.address.clone(),
            to_display_name: self.to.name.clone(),
            secrets: html.secrets.unwrap_or_default(),
        };
        self.emails.push((email, html.text));
        Ok(())
    }

    fn add_template(&mut self, template: TemplatedEmail) -> Result<()> {
        let Some(template_id) = present(template.template_id) else {
            return Err(malformed("The e-mail has no TemplateId"));
        };
        let email = NewEmail {
            content_type: ContentType::Templated,
            template_id: Some(template_id),
            tags: template.tags.unwrap_or_default(),
            subject: template.subject,
            body: None,
            substitutions: template.substitutions.unwrap_or_default(),
            to_email_address: self.address.clone(),
            to_display_name: self.to.name.clone(),
            secrets: vec![],
        };
        self.emails.push((email, None));
        Ok(())
    }
}

fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A delivery that is asked for.
struct Asked<'a> {
    id: &'a str,
    message_id: &'a str,
    organization: Option<OrganizationId>,
    emails: Parts,
}

impl Asked<'_> {
    /// Notes that it is tried, before it is.
    async fn attempt(&self, app: &App, call: &Call) -> Result<Loaded<EmailDelivery>> {
        let now = app.clock.now();
        let new = NewEmailDelivery {
            message_id: self.message_id.to_owned(),
            organization_id: self.organization.clone(),
            host_region: app.region.to_string(),
            mailbox: app.mailbox(&self.emails.address),
            emails: self.emails.emails.iter().map(|(email, _)| email.clone()).collect(),
        };
        let begun = app.emails.create(call, self.id, EmailDelivery::begin(new, now)).await;
        match begun {
            // Its id is the message's: it was tried before.
            Err(error) if error.kind() == Some(ErrorKind::Exists) => {
                app.emails
                    .change(call, self.id, |delivery| {
                        Ok::<_, EmailDeliveryError>(delivery.attempt(now))
                    })
                    .await
            }
            begun => begun,
        }
    }

    /// The receipt of the last one.
    async fn send(&self, app: &App, attempt: u32) -> Result<String> {
        let mut receipt = String::new();
        for (email, text) in &self.emails.emails {
            let outgoing = OutgoingEmail {
                message_id: self.message_id.to_owned(),
                attempt,
                from: self.emails.from.clone(),
                to: self.emails.to.clone(),
                content: content(email, text.as_deref()),
                tags: email.tags.clone(),
            };
            receipt = app.email_provider.send(&outgoing).await?;
        }
        Ok(receipt)
    }

    /// Notes that it was not sent, unless another delivery of the message was faster.
    async fn failed(&self, app: &App, call: &Call, now: Timestamp) -> Result<()> {
        let fail = |delivery: &EmailDelivery| {
            if delivery.is_sent() { Ok(vec![]) } else { delivery.fail(now) }
        };
        app.emails.change(call, self.id, fail).await.map(drop)
    }

    /// Notes that it was sent, so that reports find it by its receipt; nothing is noted if another
    /// delivery of the message was faster.
    async fn succeeded(&self, app: &App, call: &Call, receipt: String) -> Result<()> {
        let now = app.clock.now();
        let taken = reports::receipt(&receipt);
        let sent = |delivery: &EmailDelivery| {
            if delivery.is_sent() { Ok(vec![]) } else { delivery.succeed(receipt.clone(), now) }
        };
        let noted = app.emails.change(call, self.id, |delivery| {
            let events = sent(delivery)?;
            if events.is_empty() {
                return Ok(Decision::from(events));
            }
            Ok::<_, EmailDeliveryError>(Decision {
                events,
                take: vec![taken.clone()],
                release: vec![],
            })
        });
        match noted.await {
            Ok(_) => Ok(()),
            // The provider gave the receipt before, or to another delivery of the message. It was sent
            // all the same, and must not be again.
            Err(Error::Refused { code: "taken", .. }) => {
                tracing::warn!(id = self.id, "the receipt of an e-mail is known already");
                app.emails.change(call, self.id, sent).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }
}

fn content(email: &NewEmail, text: Option<&str>) -> EmailContent {
    match &email.template_id {
        Some(template_id) => EmailContent::Templated {
            template_id: template_id.clone(),
            subject: email.subject.clone(),
            substitutions: email.substitutions.clone(),
        },
        None => EmailContent::Html {
            subject: email.subject.clone().unwrap_or_default(),
            html: email.body.clone().unwrap_or_default(),
            text: text.map(str::to_owned),
        },
    }
}
