//! Delivering one domain event to one subscription, for workers that carry messages themselves.

use std::time::Duration;

use domain::kernel::ErrorKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{message::BusMessage, subscriptions};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    error::FieldError,
    input::{Field, parse_all},
    ports::{Audited, Reacted, Recorded},
};

/// How long a delivery waits for the reactions of its subscription.
const WAIT: Duration = Duration::from_secs(10);

/// Delivers a domain event to a subscription.
///
/// Reactions follow the log themselves, each event exactly once; a delivery waits until those of
/// the subscription are past the event, so repeating one is harmless.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotifyDomainEvent {
    /// JSON text of the message, as `domain_events` carries it.
    #[schema(required)]
    pub message: Option<String>,
    /// For example `ApiHost1-EndUsers`; the case does not matter.
    #[schema(required)]
    pub subscription_name: Option<String>,
}

/// The answer of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAnswer {
    /// Always true.
    pub is_sent: bool,
}

impl UseCase for NotifyDomainEvent {
    const NAME: &'static str = "event_notifications.notify";
    const POLICY: Policy = Policy::internal();
    type Output = DeliveryAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<DeliveryAnswer> {
        let (text, subscription) = parse_all((
            present("Message", self.message.as_deref()),
            present("SubscriptionName", self.subscription_name.as_deref()),
        ))?;
        let message = match BusMessage::read(text) {
            Ok(message) => message,
            Err(error) => return Err(refused(app, call, error).await),
        };
        let Some(event) = find(app, &message).await? else {
            return Err(refused(app, call, Unknown).await);
        };
        app.notifications.delivered(&event, subscription).await?;
        let area = subscriptions::area(subscription).ok_or_else(unknown_subscription)?;
        let reactions =
            subscriptions::reactions(app.reactions, area, &event.stream.kind, &event.name);
        for reaction in reactions {
            match app.read_models.reacted(reaction.name, &event, WAIT).await? {
                Reacted::Done => {}
                Reacted::GaveUp => return Err(failed(reaction.name)),
                Reacted::Late => {
                    return Err(Error::unavailable("the subscription has not come to it yet"));
                }
            }
        }
        Ok(DeliveryAnswer { is_sent: true })
    }
}

/// The log has no such event.
#[derive(Debug, thiserror::Error)]
#[error("The queued message is not what the event log says of any event")]
struct Unknown;

/// The event that the log has, if the message says the same of it.
async fn find(app: &App, message: &BusMessage) -> Result<Option<Recorded>> {
    let (Some(stream), Some(before)) = (message.stream(), message.event.version.checked_sub(1))
    else {
        return Ok(None);
    };
    // Positions and versions are 63 bits wide; nothing is beyond.
    if i64::try_from(before).is_err() {
        return Ok(None);
    }
    let found = app.log.load(&stream, before).await?;
    Ok(found.into_iter().next().filter(|event| message.is_about(event)))
}

/// A forged or broken message changes nothing, but whoever watches must learn of it.
async fn refused(app: &App, call: &Call, why: impl std::error::Error + Send) -> Error {
    let why = why.to_string();
    let audited = Audited {
        code: "EventNotification.Failed.InvalidMessage",
        against: None,
        template: "A message was refused: {0}",
        arguments: &[&why],
    };
    if let Err(error) = app.recorder.audit(call, audited).await {
        return error;
    }
    Error::refused(ErrorKind::Invalid, "invalid_message", why)
}

fn unknown_subscription() -> Error {
    Error::refused(
        ErrorKind::NotFound,
        "unknown_subscription",
        "there is no subscription of this name",
    )
}

fn failed(reaction: &str) -> Error {
    Error::Failed(format!(
        "Failed to notify consumer: reaction '{reaction}' gave up on the event, which waits as a \
         dead letter"
    ))
}

fn present<'a>(name: &str, text: Option<&'a str>) -> Field<&'a str> {
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| FieldError {
        reason: format!("The '{name}' is either missing or invalid"),
        rule: "NotEmptyValidator",
        value: text.map(Into::into),
    })
}
