//! Chargebee tells what became of subscriptions and of their buyers.

use std::time::Duration;

use domain::{
    kernel::ErrorKind,
    subscriptions::{
        Chargebee, Provider, ProviderChange, ProviderState, Subscription, SubscriptionError,
        chargebee::{ToldCustomer, ToldSubscription, is_same},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::sender::Sender;
use crate::{
    App, Call, Caller, Error, Policy, Result, UseCase,
    ports::{Appended, WebhookNotification, WebhookStatus},
    subscriptions::{Reference, SUBSCRIPTIONS, attempt, buyer::buyer},
    use_case::Empty,
};

const SOURCE: &str = "chargebee_billing";
const SENDER: Sender = Sender {
    name: "Chargebee",
    audit: "Chargebee.Authentication.Failed",
    template: "A notification of Chargebee was refused",
};
/// How long the read model may take to know of every subscription there is.
const KNOWN: Duration = Duration::from_secs(3);

/// Takes a report of Chargebee about a subscription or its buyer
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct NotifyChargebeeEvent {
    /// Chargebee's id of it.
    pub id: Option<String>,
    /// What happened, for example `subscription_cancelled`.
    pub event_type: Option<String>,
    /// The `customer` and the `subscription` after it.
    #[schema(value_type = Option<Object>)]
    pub content: Option<Value>,
}

/// What a report is about.
enum Effect {
    RestoreBuyer,
    /// Merges what is told of the customer; a way to pay that was deleted goes.
    Customer {
        deleted: bool,
    },
    /// Merges what is told of the subscription.
    Subscription(ProviderChange),
}

/// The effect of an event, in either spelling: `customer_changed`, `CustomerChanged`.
fn effect(kind: &str) -> Option<Effect> {
    let word: String = kind.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect();
    Some(match word.as_str() {
        "customerdeleted" => Effect::RestoreBuyer,
        "customerchanged"
        | "paymentsourceadded"
        | "paymentsourceupdated"
        | "paymentsourceexpired" => Effect::Customer { deleted: false },
        "paymentsourcedeleted" => Effect::Customer { deleted: true },
        "subscriptionchanged"
        | "subscriptionchangesscheduled"
        | "subscriptionactivated"
        | "subscriptionreactivated"
        | "subscriptiontrialextended"
        | "subscriptionscheduledcancellationremoved"
        | "subscriptionscheduledchangesremoved" => Effect::Subscription(ProviderChange::Plan),
        "subscriptioncancelled" | "subscriptioncanceled" | "subscriptioncancellationscheduled" => {
            Effect::Subscription(ProviderChange::Canceled)
        }
        "subscriptiondeleted" => Effect::Subscription(ProviderChange::Unsubscribed),
        _ => return None,
    })
}

impl UseCase for NotifyChargebeeEvent {
    const NAME: &'static str = "webhooks.chargebee";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    /// Its credentials are judged before anybody looks at what it tells.
    async fn admit(app: &App, call: &Call) -> Result<()> {
        let judge = |now| app.billing_proofs.chargebee(call.basic.as_ref(), now);
        SENDER.check(app, call, judge).await
    }

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let Some(kind) = self.event_type.as_deref().filter(|kind| !kind.is_empty()) else {
            return Ok(Empty {});
        };
        let notification = self.notification(app, kind);
        if !app.webhooks.received(&notification).await? {
            return Ok(Empty {});
        }
        let Some(effect) = effect(kind) else {
            app.webhooks.became(&notification, WebhookStatus::Received).await?;
            return Ok(Empty {});
        };
        let own = Call::new(Caller::maintenance(), call.correlation.clone());
        match self.apply(app, &own, &effect).await {
            Ok(changed) => {
                app.webhooks.became(&notification, WebhookStatus::of(changed)).await?;
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

impl NotifyChargebeeEvent {
    fn notification(&self, app: &App, kind: &str) -> WebhookNotification {
        let event_id = self.id.clone().unwrap_or_else(|| "unknown".to_owned());
        let random: String = app.ids.event_id().simple().to_string().chars().skip(8).collect();
        let (customer, subscription) = (self.customer(), self.subscription());
        let content = json!({
            "event_type": kind,
            "id": self.id,
            "customer": customer.and_then(|customer| customer.id),
            "subscription": subscription.and_then(|subscription| subscription.id),
        });
        WebhookNotification {
            id: format!("webhookevt_{SOURCE}.{event_id}.{random}"),
            source: SOURCE,
            event_id,
            event_type: kind.to_owned(),
            json_content: content.to_string(),
            proof: self.proof(kind),
        }
    }

    /// What comes again is known by its id and by what it says.
    fn proof(&self, kind: &str) -> Option<String> {
        let id = self.id.as_deref().filter(|id| !id.is_empty())?;
        let content = self.content.as_ref().map(Value::to_string).unwrap_or_default();
        let said = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind}\n{content}").as_bytes());
        Some(format!("{SOURCE}/{id}/{}", said.simple()))
    }

    fn customer(&self) -> Option<ToldCustomer> {
        part(self.content.as_ref()?.get("customer")?)
    }

    fn subscription(&self) -> Option<ToldSubscription> {
        part(self.content.as_ref()?.get("subscription")?)
    }

    /// Whether anything changed.
    async fn apply(&self, app: &App, call: &Call, effect: &Effect) -> Result<bool> {
        let (which, reference) = match effect {
            Effect::RestoreBuyer | Effect::Customer { .. } => {
                (Reference::Buyer, self.customer().and_then(|customer| customer.id))
            }
            Effect::Subscription(_) => {
                (Reference::Subscription, self.subscription().and_then(|told| told.id))
            }
        };
        let Some(reference) = reference.filter(|reference| !reference.is_empty()) else {
            return Ok(false);
        };
        let Some(id) = find(app, which, &reference).await? else { return Ok(false) };
        let about = About { id, which, reference };
        let changed = match effect {
            Effect::RestoreBuyer => restore(app, call, &about).await,
            Effect::Customer { deleted } => {
                let Some(told) = self.customer() else { return Ok(false) };
                let merge = |state: &ProviderState| {
                    if *deleted { told.paying(state) } else { told.merged_into(state) }
                };
                take_over(app, call, &about, ProviderChange::PaymentMethod, merge).await
            }
            Effect::Subscription(change) => {
                let Some(mut told) = self.subscription() else { return Ok(false) };
                if *change == ProviderChange::Unsubscribed {
                    told.deleted = Some(true);
                }
                let merge = |state: &ProviderState| told.merged_into(state);
                take_over(app, call, &about, *change, merge).await
            }
        };
        match changed {
            // It went with its organization meanwhile.
            Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(false),
            other => other,
        }
    }
}

/// Which subscription a report is about, and how that is known.
struct About {
    id: String,
    which: Reference,
    reference: String,
}

impl About {
    /// Whether the subscription still is what was found: it may have gone on since.
    fn is(&self, it: &Subscription) -> bool {
        let known = match self.which {
            Reference::Buyer => it.buyer_reference(),
            Reference::Subscription => it.subscription_reference(),
        };
        known == Some(self.reference.as_str())
    }
}

/// What has another form is not there.
fn part<T: for<'de> Deserialize<'de>>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// Looks where everything that was ever appended is known.
async fn find(app: &App, which: Reference, reference: &str) -> Result<Option<String>> {
    let head = app.log.head().await?;
    if !app.read_models.reached(&[SUBSCRIPTIONS], head, KNOWN).await {
        return Err(Error::unavailable("the subscriptions are not up to date"));
    }
    app.subscription_reads.of_reference(Chargebee::NAME, which, reference).await
}

async fn take_over(
    app: &App,
    call: &Call,
    about: &About,
    change: ProviderChange,
    merge: impl Fn(&ProviderState) -> ProviderState + Send + Sync,
) -> Result<bool> {
    let (installed, by) = (app.billing.interpreter(), &call.caller.id);
    let told = |it: &Subscription| {
        if !about.is(it) {
            return Ok(vec![]);
        }
        let current = &it.provider().ok_or(SubscriptionError::NoProvider)?.state;
        let told = Provider { name: Chargebee::NAME.to_owned(), state: merge(current) };
        it.changed_by_provider(installed, by, change, told)
    };
    app.subscriptions.change(call, &about.id, told).await?;
    Ok(call.receipt().position.is_some())
}

async fn restore(app: &App, call: &Call, about: &About) -> Result<bool> {
    let loaded = app.subscriptions.load(call, &about.id).await?;
    let installed = app.billing.interpreter();
    loaded.state.check_restore(installed, &call.caller.id, Chargebee::NAME)?;
    if !about.is(&loaded.state) {
        return Ok(false);
    }
    let (Some(user), Some(organization)) = (loaded.state.buyer(), loaded.state.owning_entity())
    else {
        return Err(SubscriptionError::NotCreated.into());
    };
    let Some(buyer) = buyer(app, call, user, organization).await? else { return Ok(false) };
    let state = app.billing.restore_buyer(&attempt(&loaded), &buyer).await?;
    let restored = |it: &Subscription| {
        let done = it.provider().is_some_and(|provider| is_same(&provider.state, &state));
        if done || !about.is(it) { Ok(vec![]) } else { it.restore_buyer(installed, state.clone()) }
    };
    app.subscriptions.change(call, &about.id, restored).await?;
    Ok(call.receipt().position.is_some())
}
