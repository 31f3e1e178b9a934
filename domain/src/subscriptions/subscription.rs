//! The subscription: its rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{SimpleProvider, SubscriptionEvent};
use crate::kernel::{Aggregate, DomainError, ErrorKind, Evolve, OrganizationId, UserId};

/// A billing provider, and what it knows of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// For example `simple_billing_provider`.
    pub name: String,
    /// In its own words.
    pub state: BTreeMap<String, String>,
}

/// A subscription as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    owning_entity: Option<OrganizationId>,
    buyer: Option<UserId>,
    provider: Option<Provider>,
    references: Option<References>,
}

/// The provider's own ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct References {
    buyer: String,
    subscription: Option<String>,
}

/// What a subscription refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// Somebody else's state.
    #[error("the billing provider is not the one that is installed")]
    OtherProvider,
    /// A reference is missing.
    #[error("the state of the billing provider is incomplete")]
    IncompleteState,
    /// It was not created.
    #[error("there is no subscription yet")]
    NotCreated,
}

impl DomainError for SubscriptionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::OtherProvider | Self::IncompleteState | Self::NotCreated => ErrorKind::Rule,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::OtherProvider => "subscription_other_provider",
            Self::IncompleteState => "subscription_incomplete_state",
            Self::NotCreated => "subscription_not_created",
        }
    }
}

impl Subscription {
    /// Begins it, complete if a provider has it already.
    ///
    /// # Errors
    /// As [`Self::complete`].
    pub fn create(
        organization: &OrganizationId,
        buyer: &UserId,
        provider: Option<Provider>,
    ) -> Result<Vec<SubscriptionEvent>, SubscriptionError> {
        let created = SubscriptionEvent::Created {
            owning_entity_id: organization.clone(),
            buyer_id: buyer.clone(),
            provider_name: SimpleProvider::NAME.to_owned(),
        };
        let mut begun = Self::default();
        begun.evolve(&created);
        let completed = provider.map(|provider| begun.complete(provider)).transpose()?;
        Ok([vec![created], completed.unwrap_or_default()].concat())
    }

    /// Completes it with what the installed provider made of it; nothing happens if a provider has
    /// it.
    ///
    /// # Errors
    /// [`SubscriptionError::NotCreated`], [`SubscriptionError::OtherProvider`] or
    /// [`SubscriptionError::IncompleteState`].
    pub fn complete(
        &self,
        provider: Provider,
    ) -> Result<Vec<SubscriptionEvent>, SubscriptionError> {
        let organization = self.owning_entity.clone().ok_or(SubscriptionError::NotCreated)?;
        if self.is_complete() {
            return Ok(vec![]);
        }
        let (buyer_reference, subscription_reference) = SimpleProvider::initial(&provider)?;
        Ok(vec![SubscriptionEvent::ProviderChanged {
            owning_entity_id: organization,
            from_provider_name: None,
            to_provider_name: provider.name,
            provider_state: provider.state,
            buyer_reference,
            subscription_reference: Some(subscription_reference),
        }])
    }

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
                to_provider_name,
                provider_state,
                buyer_reference,
                subscription_reference,
            } => {
                self.provider = Some(Provider { name: to_provider_name, state: provider_state });
                self.references = Some(References {
                    buyer: buyer_reference,
                    subscription: subscription_reference,
                });
            }
            SubscriptionEvent::SubscriptionPlanChanged { .. }
            | SubscriptionEvent::SubscriptionTransferred { .. }
            | SubscriptionEvent::SubscriptionCanceled { .. }
            | SubscriptionEvent::SubscriptionUnsubscribed { .. }
            | SubscriptionEvent::PaymentMethodChanged { .. }
            | SubscriptionEvent::BuyerRestored { .. }
            | SubscriptionEvent::Deleted { .. } => {}
        }
    }
}

impl Aggregate for Subscription {
    const STATE_VERSION: u32 = 1;

    /// The platform's, as the organization is that it pays for.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
