//! The rules of a subscription.
//!
//! What a billing provider does comes between two questions: whether it may be asked (`check_…`),
//! and what its answer makes of the subscription. Both judge, so that nothing is stored that may
//! not be.

use super::{Provider, Subscription, SubscriptionError};
use crate::{
    kernel::{OrganizationId, UserId},
    subscriptions::{
        BillingDetails, BillingInterpreter, ProviderState, References, SubscriptionEvent,
        SubscriptionStatus, chargebee,
    },
};

/// What somebody is in the organization that a subscription pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Stranger,
    /// A member that may not decide about money.
    Member,
    /// A billing administrator.
    BillingAdmin,
}

/// What a change of the plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanChange {
    /// The buyer wants another plan.
    Change,
    /// Somebody takes over what its buyer gave up.
    Claim,
}

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

type Events = Result<Vec<SubscriptionEvent>, SubscriptionError>;

/// Who acts on behalf of every buyer.
fn is_service(user: &UserId) -> bool {
    user.as_str() == UserId::MAINTENANCE
}

impl Subscription {
    /// Begins it, without a provider.
    #[must_use]
    pub fn create(
        organization: &OrganizationId,
        buyer: &UserId,
        installed: &dyn BillingInterpreter,
    ) -> Vec<SubscriptionEvent> {
        vec![SubscriptionEvent::Created {
            owning_entity_id: organization.clone(),
            buyer_id: buyer.clone(),
            provider_name: installed.name().to_owned(),
        }]
    }

    /// Completes it with what the installed provider made of it; nothing happens if a provider has
    /// it.
    ///
    /// # Errors
    /// [`SubscriptionError::NotCreated`] or [`SubscriptionError::IncompleteState`].
    pub fn complete(&self, installed: &dyn BillingInterpreter, state: ProviderState) -> Events {
        if self.is_complete() {
            return Ok(vec![]);
        }
        installed.check_initial(&state)?;
        self.provider_changed(installed, state)
    }

    /// Moves it to the installed provider, which has it as `to` says.
    ///
    /// # Errors
    /// [`SubscriptionError::SameProvider`], [`SubscriptionError::OtherProvider`],
    /// [`SubscriptionError::IncompleteState`] or [`SubscriptionError::NotCreated`].
    pub fn migrate(&self, installed: &dyn BillingInterpreter, to: Provider) -> Events {
        let current = self.provider.as_ref();
        if current.is_some_and(|current| current.name.eq_ignore_ascii_case(&to.name)) {
            return Err(SubscriptionError::SameProvider);
        }
        if !to.name.eq_ignore_ascii_case(installed.name()) {
            return Err(SubscriptionError::OtherProvider);
        }
        if installed.references(&to.state)?.subscription.is_none() {
            return Err(SubscriptionError::IncompleteState);
        }
        self.provider_changed(installed, to.state)
    }

    fn provider_changed(&self, installed: &dyn BillingInterpreter, state: ProviderState) -> Events {
        let References { buyer, subscription } = installed.references(&state)?;
        Ok(vec![SubscriptionEvent::ProviderChanged {
            owning_entity_id: self.owner()?,
            from_provider_name: self.provider.as_ref().map(|from| from.name.clone()),
            to_provider_name: installed.name().to_owned(),
            provider_state: state,
            buyer_reference: buyer,
            subscription_reference: subscription,
        }])
    }

    /// Whether somebody may change the plan, and what that is.
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotMember`],
    /// [`SubscriptionError::NotBillingAdmin`], [`SubscriptionError::NoPaymentMethod`] or
    /// [`SubscriptionError::NotClaimable`].
    pub fn check_plan(
        &self,
        installed: &dyn BillingInterpreter,
        by: &UserId,
        standing: Standing,
    ) -> Result<PlanChange, SubscriptionError> {
        let details = self.verified(installed)?;
        let is_buyer = is_service(by) || self.buyer.as_ref() == Some(by);
        match standing {
            Standing::BillingAdmin => {}
            Standing::Stranger | Standing::Member if is_buyer => {}
            Standing::Stranger => return Err(SubscriptionError::NotMember),
            Standing::Member => return Err(SubscriptionError::NotBillingAdmin),
        }
        must_pay(&details)?;
        if is_buyer {
            return Ok(PlanChange::Change);
        }
        match details.status {
            SubscriptionStatus::Canceled | SubscriptionStatus::Unsubscribed => {
                Ok(PlanChange::Claim)
            }
            SubscriptionStatus::Activated | SubscriptionStatus::Canceling => {
                Err(SubscriptionError::NotClaimable)
            }
        }
    }

    /// Has another plan, for the same buyer.
    ///
    /// # Errors
    /// As [`Self::check_plan`], or [`SubscriptionError::IncompleteState`].
    pub fn change_plan(
        &self,
        installed: &dyn BillingInterpreter,
        plan: &str,
        state: ProviderState,
    ) -> Events {
        self.verified(installed)?;
        let References { buyer, subscription } = installed.references(&state)?;
        Ok(vec![SubscriptionEvent::SubscriptionPlanChanged {
            plan_id: plan.to_owned(),
            owning_entity_id: self.owner()?,
            provider_name: installed.name().to_owned(),
            provider_state: state,
            buyer_reference: buyer,
            subscription_reference: subscription,
        }])
    }

    /// Whether the buyer may hand it over to somebody.
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotBuyer`], [`SubscriptionError::AlreadyBuyer`],
    /// [`SubscriptionError::NotMember`], [`SubscriptionError::NotTransferable`] or
    /// [`SubscriptionError::NoPaymentMethod`].
    pub fn check_transfer(
        &self,
        installed: &dyn BillingInterpreter,
        by: &UserId,
        to: &UserId,
        standing: Standing,
    ) -> Result<(), SubscriptionError> {
        let details = self.verified(installed)?;
        if self.buyer.as_ref() != Some(by) {
            return Err(SubscriptionError::NotBuyer);
        }
        if by == to {
            return Err(SubscriptionError::AlreadyBuyer);
        }
        match standing {
            Standing::Stranger => Err(SubscriptionError::NotMember),
            Standing::Member => Err(SubscriptionError::NotTransferable),
            Standing::BillingAdmin => must_pay(&details),
        }
    }

    /// Is paid for by somebody else, with this plan; without one, with the one that it has.
    ///
    /// # Errors
    /// Those of the provider.
    pub fn transfer(
        &self,
        installed: &dyn BillingInterpreter,
        to: &UserId,
        plan: Option<&str>,
        state: ProviderState,
    ) -> Events {
        self.verified(installed)?;
        let References { buyer, subscription } = installed.references(&state)?;
        let current = || installed.details(&state).plan.id;
        Ok(vec![SubscriptionEvent::SubscriptionTransferred {
            plan_id: plan.map(str::to_owned).or_else(current).unwrap_or_default(),
            from_buyer_id: self.buyer.clone().ok_or(SubscriptionError::NotCreated)?,
            to_buyer_id: to.clone(),
            owning_entity_id: self.owner()?,
            provider_name: installed.name().to_owned(),
            provider_state: state,
            buyer_reference: buyer,
            subscription_reference: subscription,
        }])
    }

    /// Whether it can be canceled, by a buyer or by an operator (`None`).
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotBuyer`] or
    /// [`SubscriptionError::NotCancelable`].
    pub fn check_cancel(
        &self,
        installed: &dyn BillingInterpreter,
        by: Option<&UserId>,
    ) -> Result<(), SubscriptionError> {
        let details = self.verified(installed)?;
        if by.is_some_and(|by| !is_service(by) && self.buyer.as_ref() != Some(by)) {
            return Err(SubscriptionError::NotBuyer);
        }
        if details.can_be_canceled() { Ok(()) } else { Err(SubscriptionError::NotCancelable) }
    }

    /// Ends, as the provider has it now.
    ///
    /// # Errors
    /// Those of the provider.
    pub fn cancel(&self, installed: &dyn BillingInterpreter, state: ProviderState) -> Events {
        self.verified(installed)?;
        Ok(vec![SubscriptionEvent::SubscriptionCanceled {
            owning_entity_id: self.owner()?,
            provider_name: installed.name().to_owned(),
            provider_state: state,
        }])
    }

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

    /// Is gone for good, with the organization that it paid for.
    ///
    /// # Errors
    /// [`SubscriptionError::OtherOwner`].
    pub fn delete(&self, by: &UserId, organization: &OrganizationId) -> Events {
        if self.owning_entity.as_ref() != Some(organization) {
            return Err(SubscriptionError::OtherOwner);
        }
        Ok(vec![SubscriptionEvent::Deleted { deleted_by_id: by.clone() }])
    }

    /// What it includes, as the installed provider sees it; nothing if that does not have it.
    #[must_use]
    pub fn details(&self, installed: &dyn BillingInterpreter) -> BillingDetails {
        self.verified(installed).unwrap_or_default()
    }

    fn owner(&self) -> Result<OrganizationId, SubscriptionError> {
        self.owning_entity.clone().ok_or(SubscriptionError::NotCreated)
    }

    /// What the installed provider makes of it.
    fn verified(
        &self,
        installed: &dyn BillingInterpreter,
    ) -> Result<BillingDetails, SubscriptionError> {
        let provider = self.provider.as_ref().ok_or(SubscriptionError::NoProvider)?;
        if !provider.name.eq_ignore_ascii_case(installed.name()) {
            return Err(SubscriptionError::OtherProvider);
        }
        Ok(installed.details(&provider.state))
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

fn must_pay(details: &BillingDetails) -> Result<(), SubscriptionError> {
    if details.payment_method.is_valid { Ok(()) } else { Err(SubscriptionError::NoPaymentMethod) }
}
