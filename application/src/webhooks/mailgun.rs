//! Mailgun tells what became of e-mails.

use domain::kernel::Timestamp;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::sender::Sender;
use crate::{
    App, Call, Caller, Policy, Result, UseCase,
    emails::reports::Report,
    ports::{Appended, WebhookNotification, WebhookStatus},
    use_case::Empty,
};

const SOURCE: &str = "mailgun_email";
const SENDER: Sender = Sender {
    name: "Mailgun",
    audit: "Authentication.Mailgun.Failed",
    template: "A notification of Mailgun was refused",
};
/// What stands where a report gives no reason.
const NO_REASON: &str = "none";

/// Takes a report of Mailgun about an e-mail
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct NotifyMailgunEvent {
    /// Proves that it is one.
    pub signature: Option<MailgunSignature>,
    /// What happened.
    #[serde(rename = "event-data")]
    pub event_data: Option<MailgunEvent>,
}

/// See [`NotifyMailgunEvent`].
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct MailgunSignature {
    /// Unix seconds.
    pub timestamp: Option<String>,
    /// Random.
    pub token: Option<String>,
    /// Of both, in lower-case hex.
    pub signature: Option<String>,
}

/// See [`NotifyMailgunEvent`].
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct MailgunEvent {
    /// For example `delivered`.
    pub event: Option<String>,
    /// Mailgun's id of it.
    pub id: Option<String>,
    /// Unix seconds, with a fraction.
    pub timestamp: Option<f64>,
    /// `permanent` or `temporary`.
    pub severity: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Why, in more words.
    #[serde(rename = "delivery-status")]
    pub delivery_status: Option<MailgunStatus>,
    /// Which e-mail.
    pub message: Option<MailgunMessage>,
}

/// See [`MailgunEvent`].
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct MailgunStatus {
    /// What the mail server said.
    pub description: Option<String>,
}

/// See [`MailgunEvent`].
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct MailgunMessage {
    /// Its headers, as far as they matter.
    pub headers: Option<MailgunHeaders>,
}

/// See [`MailgunMessage`].
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct MailgunHeaders {
    /// The receipt.
    #[serde(rename = "message-id")]
    pub message_id: Option<String>,
}

impl UseCase for NotifyMailgunEvent {
    const NAME: &'static str = "webhooks.mailgun";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let proof = self.check(app, call).await?;
        let Some(event) = self.event_data else { return Ok(Empty {}) };
        let Some(kind) = event.event.as_deref().filter(|kind| !kind.is_empty()) else {
            return Ok(Empty {});
        };
        let notification = notification(app, &event, kind, proof);
        if !app.webhooks.received(&notification).await? {
            return Ok(Empty {});
        }
        let (Some(receipt), Some(report)) = (event.receipt(), event.report(kind)) else {
            app.webhooks.became(&notification, WebhookStatus::Received).await?;
            return Ok(Empty {});
        };
        let at = event.at().unwrap_or_else(|| app.clock.now());
        let own = Call::new(Caller::maintenance(), call.correlation.clone());
        match app.email_reported(&own, receipt, at, &report).await {
            Ok(known) => {
                app.webhooks.became(&notification, WebhookStatus::of(known)).await?;
                let receipt = own.receipt();
                if let Some(position) = receipt.position {
                    call.committed(&Appended { position }, None, &receipt.events);
                }
                Ok(Empty {})
            }
            Err(error) => {
                app.webhooks.became(&notification, WebhookStatus::Failed).await?;
                Err(error)
            }
        }
    }
}

impl NotifyMailgunEvent {
    /// What must not be good twice.
    async fn check(&self, app: &App, call: &Call) -> Result<Option<String>> {
        let given = self.signature.as_ref();
        let given = given.and_then(|given| {
            Some((
                given.timestamp.as_deref()?,
                given.token.as_deref()?,
                given.signature.as_deref()?,
            ))
        });
        let (timestamp, token, signature) = given.unwrap_or_default();
        let judge = |now| app.webhook_proofs.mailgun(timestamp, token, signature, now);
        SENDER.check(app, call, judge).await?;
        // The proof that everybody knows from the tests comes again and again.
        let once = !cfg!(feature = "testing-only");
        Ok(once.then(|| signature.to_owned()))
    }
}

fn notification(
    app: &App,
    event: &MailgunEvent,
    kind: &str,
    proof: Option<String>,
) -> WebhookNotification {
    let event_id = event.id.clone().unwrap_or_else(|| "unknown".to_owned());
    let random: String = app.ids.event_id().simple().to_string().chars().skip(8).collect();
    let content = json!({
        "event": kind,
        "id": event.id,
        "timestamp": event.timestamp,
        "severity": event.severity,
        "message-id": event.receipt(),
    });
    WebhookNotification {
        id: format!("webhookevt_{SOURCE}.{event_id}.{random}"),
        source: SOURCE,
        event_id,
        event_type: kind.to_owned(),
        json_content: content.to_string(),
        proof,
    }
}

impl MailgunEvent {
    fn receipt(&self) -> Option<&str> {
        let id = self.message.as_ref()?.headers.as_ref()?.message_id.as_deref()?;
        Some(id).filter(|id| !id.is_empty())
    }

    fn report(&self, kind: &str) -> Option<Report> {
        if kind.eq_ignore_ascii_case("delivered") {
            return Some(Report::Delivered);
        }
        let permanent = self
            .severity
            .as_deref()
            .is_none_or(|severity| severity.eq_ignore_ascii_case("permanent"));
        let failed = kind.eq_ignore_ascii_case("failed") && permanent;
        failed.then(|| {
            let described =
                self.delivery_status.as_ref().and_then(|status| status.description.as_ref());
            let reasons = [described, self.reason.as_ref()].into_iter().flatten();
            let reason = reasons.into_iter().find(|reason| !reason.is_empty());
            Report::Failed(reason.map_or_else(|| NO_REASON.to_owned(), Clone::clone))
        })
    }

    fn at(&self) -> Option<Timestamp> {
        let seconds = self.timestamp.filter(|seconds| (0.0..1e12).contains(seconds))?;
        #[expect(clippy::cast_possible_truncation, reason = "bounded")]
        let micros = (seconds * 1e6) as i128;
        OffsetDateTime::from_unix_timestamp_nanos(micros * 1000).ok().map(Timestamp::new)
    }
}
