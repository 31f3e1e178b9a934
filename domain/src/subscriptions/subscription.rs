//! The subscription: what its events made of it.

mod deciding;
mod notified;
mod refusals;

use serde::{Deserialize, Serialize};

use super::{ProviderState, References, SubscriptionEvent};
use crate::kernel::{Aggregate, Evolve, OrganizationId, UserId};

pub use deciding::{PlanChange, Standing};
pub use notified::ProviderChange;
pub use refusals::SubscriptionError;

/// A billing provider, and what it knows of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// For example `simple_billing_provider`.
    pub name: String,
    /// In its own words.
    pub state: ProviderState,
}

/// A subscription as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    owning_entity: Option<OrganizationId>,
    buyer: Option<UserId>,
    provider: Option<Provider>,
    chosen: Option<Provider>,
    references: Option<References>,
    begun: u32,
    deleted: bool,
}

impl Subscription {
    /// Whether a provider has it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.provider.is_some()
    }
    /// What it pays for.
    #[must_use]
    pub fn owning_entity(&self) -> Option<&OrganizationId> {
        self.owning_entity.as_ref()
    }
    /// Who pays.
    #[must_use]
    pub fn buyer(&self) -> Option<&UserId> {
        self.buyer.as_ref()
    }
    /// Which provider has it, and what that knows.
    #[must_use]
    pub fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }
    /// As [`Self::provider`] when a plan was chosen last, by whoever paid then or does now; what was
    /// canceled since counts all the same.
    #[must_use]
    pub fn chosen(&self) -> Option<&Provider> {
        self.chosen.as_ref()
    }
    /// The provider's id of the buyer.
    #[must_use]
    pub fn buyer_reference(&self) -> Option<&str> {
        self.references.as_ref().map(|known| known.buyer.as_str())
    }
    /// The provider's id of the subscription.
    #[must_use]
    pub fn subscription_reference(&self) -> Option<&str> {
        self.references.as_ref().and_then(|known| known.subscription.as_deref())
    }

    /// How many subscriptions it has had at providers.
    #[must_use]
    pub fn begun(&self) -> u32 {
        self.begun
    }

    fn has(&mut self, name: String, state: ProviderState) {
        self.provider = Some(Provider { name, state });
    }

    fn chose(&mut self, name: String, state: ProviderState) {
        self.has(name, state);
        self.chosen.clone_from(&self.provider);
    }

    fn refers(&mut self, buyer: String, subscription: Option<String>) {
        if subscription.is_some() && subscription.as_deref() != self.subscription_reference() {
            self.begun = self.begun.saturating_add(1);
        }
        self.references = Some(References { buyer, subscription });
    }
}

impl Evolve for Subscription {
    const TYPE: &'static str = "subscription";
    type Event = SubscriptionEvent;

    fn evolve(&mut self, event: &SubscriptionEvent) {
        match event.clone() {
            SubscriptionEvent::Created { owning_entity_id, buyer_id, provider_name: _ } => {
                self.owning_entity = Some(owning_entity_id);
                self.buyer = Some(buyer_id);
            }
            SubscriptionEvent::ProviderChanged {
                owning_entity_id: _,
                from_provider_name: _,
                to_provider_name: provider_name,
                provider_state,
                buyer_reference: buyer,
                subscription_reference: subscription,
            }
            | SubscriptionEvent::BuyerRestored {
                owning_entity_id: _,
                provider_name,
                provider_state,
                buyer_reference: buyer,
                subscription_reference: subscription,
            } => {
                self.has(provider_name, provider_state);
                self.refers(buyer, subscription);
            }
            SubscriptionEvent::SubscriptionPlanChanged {
                plan_id: _,
                owning_entity_id: _,
                provider_name,
                provider_state,
                buyer_reference: buyer,
                subscription_reference: subscription,
            } => {
                self.chose(provider_name, provider_state);
                self.refers(buyer, subscription);
            }
            SubscriptionEvent::SubscriptionTransferred {
                plan_id: _,
                from_buyer_id: _,
                to_buyer_id,
                owning_entity_id: _,
                provider_name,
                provider_state,
                buyer_reference: buyer,
                subscription_reference: subscription,
            } => {
                self.buyer = Some(to_buyer_id);
                self.chose(provider_name, provider_state);
                self.refers(buyer, subscription);
            }
            SubscriptionEvent::SubscriptionCanceled {
                owning_entity_id: _,
                provider_name,
                provider_state,
            }
            | SubscriptionEvent::PaymentMethodChanged {
                owning_entity_id: _,
                provider_name,
                provider_state,
            } => self.has(provider_name, provider_state),
            SubscriptionEvent::SubscriptionUnsubscribed {
                owning_entity_id: _,
                provider_name,
                provider_state,
            } => {
                self.has(provider_name, provider_state);
                if let Some(known) = &mut self.references {
                    known.subscription = None;
                }
            }
            SubscriptionEvent::Deleted { deleted_by_id: _ } => self.deleted = true,
        }
    }
}

impl Aggregate for Subscription {
    const STATE_VERSION: u32 = 4;

    /// The platform's, as the organization is that it pays for.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        self.deleted
    }
}

#[cfg(test)]
mod tests;
