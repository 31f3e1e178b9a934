//! Whoever gets money for subscriptions.

use async_trait::async_trait;
use domain::{
    kernel::{OrganizationId, PersonName, Timestamp, UserId},
    subscriptions::{BillingInterpreter, ProviderState},
    user_profiles::Address,
};

use super::Proof;
use crate::{
    Result,
    call::BasicCredentials,
    subscriptions::{invoices::Invoice, plans::PricingPlans},
};

/// Who pays, as a provider gets to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buyer {
    /// The user.
    pub id: UserId,
    /// What it pays for.
    pub organization: OrganizationId,
    /// What it is called.
    pub name: PersonName,
    /// Where it gets mail; a machine gets none.
    pub email: Option<String>,
    /// Where it can be called.
    pub phone: Option<String>,
    /// Where it lives.
    pub address: Address,
}

/// When a subscription ends that is canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// When what was paid for is over.
    EndOfTerm,
    /// At once.
    Immediately,
}

/// A billing provider: what its states mean, and what it can be asked to do.
///
/// What it is asked to do is not part of an append: it may be done and never be noted. So every
/// operation takes an [`Attempt`], and does nothing twice. Each returns the whole new state.
#[async_trait]
pub trait BillingProvider: Send + Sync {
    /// Understands its states.
    fn interpreter(&self) -> &dyn BillingInterpreter;
    /// Whether it serves anybody now, told within seconds: what it fails to do then, it fails to do
    /// for one subscription and not for all.
    async fn is_there(&self) -> bool;
    /// Makes a subscription to the plan that everybody begins with.
    ///
    /// # Errors
    /// Unavailable, if the provider can't be reached; whatever it refuses.
    async fn subscribe(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState>;
    /// Gives a subscription another plan, also one that was canceled.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn change_plan(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        plan: &str,
    ) -> Result<ProviderState>;
    /// Ends a subscription.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn cancel(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        ending: Ending,
    ) -> Result<ProviderState>;
    /// Ends a subscription at once, and forgets it.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn unsubscribe(&self, attempt: &Attempt, state: &ProviderState) -> Result<ProviderState>;
    /// Takes over how the buyer pays now, which the buyer tells the provider alone.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn change_payment_method(&self, state: &ProviderState) -> Result<ProviderState>;
    /// Has somebody else pay, for another plan if one is named.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn transfer(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        to: &Buyer,
        plan: Option<&str>,
    ) -> Result<ProviderState>;
    /// Makes a buyer known again that was deleted there.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn restore_buyer(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState>;
    /// The invoices of a time, the oldest first; not more than `limit`, where the provider has many.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn invoices(
        &self,
        state: &ProviderState,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Invoice>>;
    /// Everything that can be subscribed to.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    async fn plans(&self) -> Result<PricingPlans>;
}

/// What is the same whenever something is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Of a change; another event of the subscription makes it another one.
    pub change: String,
    /// Of a subscription that the change has to begin; only one that began makes it another one, so
    /// that a provider never begins two in place of one.
    pub begin: String,
}

/// Whether a notification is from a billing provider.
pub trait BillingProofs: Send + Sync {
    /// Judges what came with a notification of Chargebee.
    fn chargebee(&self, given: Option<&BasicCredentials>, now: Timestamp) -> Proof;
}
