//! What a subscription does about what its billing provider tells on its own.

use super::{
    Provider, Subscription, SubscriptionError,
    deciding::{Events, is_service},
};
use crate::{
    kernel::UserId,
    subscriptions::{BillingInterpreter, ProviderState, References, SubscriptionEvent, chargebee},
};

/// What a provider tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderChange {
    /// Something about what is included.
    Plan,
    /// It ends, or has ended.
    Canceled,
    /// It is gone there.
    Unsubscribed,
    /// Something about how it is paid for.
    PaymentMethod,
}

impl Subscription {
    /// Takes over what its provider tells of; nothing happens if that is known, and no newer version
    /// of it.
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotProvider`].
    pub fn changed_by_provider(
        &self,
        installed: &dyn BillingInterpreter,
        by: &UserId,
        change: ProviderChange,
        told: Provider,
    ) -> Events {
        let current = self.told_by_own(installed, by, &told.name)?;
        let (known, state) = (&current.state, &told.state);
        if chargebee::is_same(known, state) && !chargebee::is_newer(known, state) {
            return Ok(vec![]);
        }
        let (owning_entity_id, provider_name) = (self.owner()?, current.name.clone());
        let provider_state = told.state;
        Ok(vec![match change {
            ProviderChange::Plan => {
                let References { buyer, subscription } = installed.references(&provider_state)?;
                SubscriptionEvent::SubscriptionPlanChanged {
                    plan_id: installed.details(&provider_state).plan.id.unwrap_or_default(),
                    owning_entity_id,
                    provider_name,
                    provider_state,
                    buyer_reference: buyer,
                    subscription_reference: subscription,
                }
            }
            ProviderChange::Canceled => SubscriptionEvent::SubscriptionCanceled {
                owning_entity_id,
                provider_name,
                provider_state,
            },
            ProviderChange::Unsubscribed => SubscriptionEvent::SubscriptionUnsubscribed {
                owning_entity_id,
                provider_name,
                provider_state,
            },
            ProviderChange::PaymentMethod => SubscriptionEvent::PaymentMethodChanged {
                owning_entity_id,
                provider_name,
                provider_state,
            },
        }])
    }

    /// Whether its provider may ask for its buyer to be made known there again.
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotProvider`].
    pub fn check_restore(
        &self,
        installed: &dyn BillingInterpreter,
        by: &UserId,
        provider: &str,
    ) -> Result<(), SubscriptionError> {
        self.told_by_own(installed, by, provider).map(drop)
    }

    /// Has a buyer again that the provider knows.
    ///
    /// # Errors
    /// Those of the provider.
    pub fn restore_buyer(
        &self,
        installed: &dyn BillingInterpreter,
        state: ProviderState,
    ) -> Events {
        self.verified(installed)?;
        let References { buyer, subscription } = installed.references(&state)?;
        Ok(vec![SubscriptionEvent::BuyerRestored {
            owning_entity_id: self.owner()?,
            provider_name: installed.name().to_owned(),
            provider_state: state,
            buyer_reference: buyer,
            subscription_reference: subscription,
        }])
    }

    fn told_by_own(
        &self,
        installed: &dyn BillingInterpreter,
        by: &UserId,
        provider: &str,
    ) -> Result<&Provider, SubscriptionError> {
        self.verified(installed)?;
        let current = self.provider.as_ref().ok_or(SubscriptionError::NoProvider)?;
        if !current.name.eq_ignore_ascii_case(provider) {
            return Err(SubscriptionError::OtherProvider);
        }
        if is_service(by) { Ok(current) } else { Err(SubscriptionError::NotProvider) }
    }
}
