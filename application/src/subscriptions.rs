//! Subscriptions: views, the read port and the use cases.

use async_trait::async_trait;
use domain::{
    kernel::OrganizationId,
    subscriptions::{BillingDetails, Provider, Subscription},
};

use crate::{
    App, Loaded, Result,
    ports::Attempt,
    search::{Found, Search},
};

pub mod billing;
pub mod buyer;
pub mod cancel;
pub mod change_payment_method;
pub mod change_plan;
mod deciding;
pub mod export;
pub mod inspect;
pub mod invoices;
pub mod migrate;
pub mod plans;
pub mod reactions;
pub mod transfer;
pub mod unsubscribe;
pub mod view;

/// Permanent name of the projection that serves subscriptions.
pub const SUBSCRIPTIONS: &str = "subscriptions";

/// A subscription as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRecord {
    /// `billsub_…`
    pub id: String,
    /// The organization.
    pub owning_entity_id: String,
    /// Who pays.
    pub buyer_id: String,
    /// Which provider has it, and what that knows.
    pub provider: Option<Provider>,
    /// The provider's id of the buyer.
    pub buyer_reference: Option<String>,
    /// The provider's id of the subscription.
    pub subscription_reference: Option<String>,
    /// How many events it has.
    pub version: u64,
}

/// Which of a provider's ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Of a buyer.
    Buyer,
    /// Of a subscription.
    Subscription,
}

/// The read model of subscriptions.
#[async_trait]
pub trait SubscriptionReads: Send + Sync {
    /// That of an organization; `None` if it has none.
    async fn of_organization(&self, id: &OrganizationId) -> Result<Option<SubscriptionRecord>>;
    /// The id of the first one that a provider knows by this reference.
    async fn of_reference(
        &self,
        provider: &str,
        which: Reference,
        reference: &str,
    ) -> Result<Option<String>>;
    /// Those that a provider has.
    async fn at_provider(&self, name: &str, search: &Search) -> Result<Found<SubscriptionRecord>>;
}

impl From<&Loaded<Subscription>> for SubscriptionRecord {
    fn from(loaded: &Loaded<Subscription>) -> Self {
        let state = &loaded.state;
        Self {
            id: loaded.id.clone(),
            owning_entity_id: state.owning_entity().map(ToString::to_string).unwrap_or_default(),
            buyer_id: state.buyer().map(ToString::to_string).unwrap_or_default(),
            provider: state.provider().cloned(),
            buyer_reference: state.buyer_reference().map(str::to_owned),
            subscription_reference: state.subscription_reference().map(str::to_owned),
            version: loaded.version,
        }
    }
}

impl SubscriptionRecord {
    /// What it includes, as the installed provider sees it; nothing if that does not have it.
    fn details(&self, app: &App) -> BillingDetails {
        let installed = app.billing.interpreter();
        let own = self.provider.as_ref().filter(|own| own.name == installed.name());
        own.map(|own| installed.details(&own.state)).unwrap_or_default()
    }
}

/// Whether the subscription can end now, as the installed billing provider sees it.
#[must_use]
pub fn can_be_unsubscribed(app: &App, subscription: &Subscription) -> bool {
    subscription.details(app.billing.interpreter()).can_be_unsubscribed
}

/// What makes a change the same when it is tried again.
pub(crate) fn attempt(subscription: &Loaded<Subscription>) -> Attempt {
    let (id, begun) = (&subscription.id, subscription.state.begun());
    Attempt {
        change: format!("{id}/{}", subscription.version),
        begin: format!("{id}/begun/{begun}"),
    }
}
