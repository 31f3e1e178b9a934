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
        SubscriptionStatus,
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

pub(super) type Events = Result<Vec<SubscriptionEvent>, SubscriptionError>;

/// Who acts on behalf of every buyer.
pub(super) fn is_service(user: &UserId) -> bool {
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
        let is_buyer = self.is_for_buyer(by);
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
        if by.is_some_and(|by| !self.is_for_buyer(by)) {
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

    /// Whether it can end for good now, for somebody who asks for it; `None` asks nobody, and may at
    /// any time.
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotMember`], [`SubscriptionError::NotBuyer`] or
    /// [`SubscriptionError::NotUnsubscribable`].
    pub fn check_unsubscribe(
        &self,
        installed: &dyn BillingInterpreter,
        by: Option<(&UserId, Standing)>,
    ) -> Result<(), SubscriptionError> {
        let details = self.verified(installed)?;
        let Some((by, standing)) = by else { return Ok(()) };
        if !self.is_for_buyer(by) {
            return Err(match standing {
                Standing::Stranger => SubscriptionError::NotMember,
                Standing::Member | Standing::BillingAdmin => SubscriptionError::NotBuyer,
            });
        }
        if details.can_be_unsubscribed { Ok(()) } else { Err(SubscriptionError::NotUnsubscribable) }
    }

    /// Is gone at the provider.
    ///
    /// # Errors
    /// Those of the provider.
    pub fn unsubscribe(&self, installed: &dyn BillingInterpreter, state: ProviderState) -> Events {
        self.verified(installed)?;
        Ok(vec![SubscriptionEvent::SubscriptionUnsubscribed {
            owning_entity_id: self.owner()?,
            provider_name: installed.name().to_owned(),
            provider_state: state,
        }])
    }

    /// Whether somebody may have it paid for in another way.
    ///
    /// # Errors
    /// Those of the provider; [`SubscriptionError::NotBuyer`].
    pub fn check_payment_method(
        &self,
        installed: &dyn BillingInterpreter,
        by: &UserId,
    ) -> Result<(), SubscriptionError> {
        self.verified(installed)?;
        if self.is_for_buyer(by) { Ok(()) } else { Err(SubscriptionError::NotBuyer) }
    }

    /// Is paid for in another way, as the provider has it now.
    ///
    /// # Errors
    /// Those of the provider.
    pub fn change_payment_method(
        &self,
        installed: &dyn BillingInterpreter,
        state: ProviderState,
    ) -> Events {
        self.verified(installed)?;
        Ok(vec![SubscriptionEvent::PaymentMethodChanged {
            owning_entity_id: self.owner()?,
            provider_name: installed.name().to_owned(),
            provider_state: state,
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

    /// Whether somebody is the buyer, or acts on its behalf.
    fn is_for_buyer(&self, by: &UserId) -> bool {
        is_service(by) || self.buyer.as_ref() == Some(by)
    }

    pub(super) fn owner(&self) -> Result<OrganizationId, SubscriptionError> {
        self.owning_entity.clone().ok_or(SubscriptionError::NotCreated)
    }

    /// What the installed provider makes of it.
    pub(super) fn verified(
        &self,
        installed: &dyn BillingInterpreter,
    ) -> Result<BillingDetails, SubscriptionError> {
        let provider = self.provider.as_ref().ok_or(SubscriptionError::NoProvider)?;
        if !provider.name.eq_ignore_ascii_case(installed.name()) {
            return Err(SubscriptionError::OtherProvider);
        }
        Ok(installed.details(&provider.state))
    }
}

fn must_pay(details: &BillingDetails) -> Result<(), SubscriptionError> {
    if details.payment_method.is_valid { Ok(()) } else { Err(SubscriptionError::NoPaymentMethod) }
}
