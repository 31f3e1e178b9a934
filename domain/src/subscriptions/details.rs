//! What the state of a subscription at its billing provider means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Amount, SubscriptionError, Tier, amount::DEFAULT_CURRENCY};
use crate::kernel::Timestamp;

/// What a billing provider knows of a subscription, in its own words.
pub type ProviderState = BTreeMap<String, String>;

/// Understands what one billing provider knows. Pure: it asks nobody.
pub trait BillingInterpreter: Send + Sync {
    /// The provider's name, for example `simple_billing_provider`.
    fn name(&self) -> &'static str;
    /// What a state means.
    fn details(&self, state: &ProviderState) -> BillingDetails;
    /// The provider's own ids.
    ///
    /// # Errors
    /// [`SubscriptionError::IncompleteState`] if the state does not name the buyer.
    fn references(&self, state: &ProviderState) -> Result<References, SubscriptionError>;
    /// Whether a subscription can begin with this state.
    ///
    /// # Errors
    /// [`SubscriptionError::IncompleteState`] if it lacks the buyer or the subscription.
    fn check_initial(&self, state: &ProviderState) -> Result<(), SubscriptionError> {
        let begun = self.references(state)?.subscription;
        begun.map(drop).ok_or(SubscriptionError::IncompleteState)
    }
}

/// A provider's own ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References {
    /// Of the buyer.
    pub buyer: String,
    /// Of the subscription; `None` if it has none.
    pub subscription: Option<String>,
}

/// How a subscription stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// There is none.
    #[default]
    Unsubscribed,
    /// It goes on.
    Activated,
    /// It is over.
    Canceled,
    /// It goes on until what was paid for is over.
    Canceling,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeriodUnit {
    /// For ever.
    #[default]
    Eternity,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// What somebody pays with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaymentKind {
    /// Nothing.
    #[default]
    None,
    /// A card.
    Card,
    /// Something else.
    Other,
}

/// So many units of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Period {
    pub frequency: u32,
    pub unit: PeriodUnit,
}

/// What a subscription includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanDetails {
    /// The provider's id of the plan.
    pub id: Option<String>,
    /// Whether it is tried out.
    pub is_trial: bool,
    /// Until when it is, or was.
    pub trial_end: Option<Timestamp>,
    /// How much it includes.
    pub tier: Tier,
}

/// What is to be paid next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextInvoice {
    /// How much.
    pub amount: Amount,
    /// As in ISO 4217.
    pub currency: String,
    /// When.
    pub next: Option<Timestamp>,
}

impl Default for NextInvoice {
    fn default() -> Self {
        Self { amount: Amount::ZERO, currency: DEFAULT_CURRENCY.to_owned(), next: None }
    }
}

/// How somebody pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Whether it can be used.
    pub is_valid: bool,
    /// What it is.
    pub kind: PaymentKind,
}

/// Everything that a state means. By default there is no subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BillingDetails {
    /// How it stands.
    pub status: SubscriptionStatus,
    /// When it was canceled, or is going to end.
    pub canceled_at: Option<Timestamp>,
    /// Whether it can end for good now.
    pub can_be_unsubscribed: bool,
    /// What it includes.
    pub plan: PlanDetails,
    /// How often it is paid for.
    pub period: Period,
    /// What is to be paid next.
    pub invoice: NextInvoice,
    /// How it is paid for.
    pub payment_method: PaymentMethod,
}

impl BillingDetails {
    /// Whether it can be canceled now.
    #[must_use]
    pub fn can_be_canceled(&self) -> bool {
        self.status == SubscriptionStatus::Activated
    }
}

/// A value of a state, if there is one.
pub(super) fn known<'a>(state: &'a ProviderState, key: &str) -> Option<&'a str> {
    state.get(key).map(String::as_str).filter(|value| !value.is_empty())
}
