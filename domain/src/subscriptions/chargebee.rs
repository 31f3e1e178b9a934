//! What Chargebee knows of a subscription, and what that means.

use time::OffsetDateTime;

use super::{
    Amount, BillingDetails, BillingInterpreter, NextInvoice, PaymentKind, PaymentMethod, Period,
    PeriodUnit, PlanDetails, ProviderState, References, SubscriptionError, SubscriptionStatus,
    Tier, amount::DEFAULT_CURRENCY, details::known,
};
use crate::kernel::Timestamp;

mod told;

pub use told::{
    ToldCustomer, ToldItem, ToldPaymentMethod, ToldSubscription, is_newer, is_same, iso,
    unsubscribed,
};

/// The customer: who pays.
pub const CUSTOMER_ID: &str = "CustomerId";
/// The subscription.
pub const SUBSCRIPTION_ID: &str = "SubscriptionId";
/// One of its words, in either spelling: `in_trial`, `InTrial`.
pub const SUBSCRIPTION_STATUS: &str = "SubscriptionStatus";
/// `true` or `false`.
pub const SUBSCRIPTION_DELETED: &str = "SubscriptionDeleted";
/// When it was canceled, ISO 8601.
pub const CANCELED_AT: &str = "CanceledAt";
/// The item price that is paid for.
pub const PLAN_ID: &str = "PlanId";
/// When the trial ends, ISO 8601.
pub const TRIAL_END: &str = "TrialEnd";
/// A number of units.
pub const BILLING_PERIOD_VALUE: &str = "BillingPeriodValue";
/// `day`, `week`, `month` or `year`.
pub const BILLING_PERIOD_UNIT: &str = "BillingPeriodUnit";
/// In minor units.
pub const BILLING_AMOUNT: &str = "BillingAmount";
/// As in ISO 4217.
pub const CURRENCY_CODE: &str = "CurrencyCode";
/// When the next invoice is due, ISO 8601.
pub const NEXT_BILLING_AT: &str = "NextBillingAt";
/// `valid`, or something else.
pub const PAYMENT_METHOD_STATUS: &str = "PaymentMethodStatus";
/// `card`, or something else.
pub const PAYMENT_METHOD_TYPE: &str = "PaymentMethodType";
/// Which version of the subscription this is, where Chargebee says so.
pub const SUBSCRIPTION_VERSION: &str = "SubscriptionVersion";
/// Which version of the customer this is, likewise.
pub const CUSTOMER_VERSION: &str = "CustomerVersion";

/// Understands Chargebee. Which plans include how much is the owner's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chargebee {
    /// Plans that are [`Tier::Standard`].
    pub standard: Vec<String>,
    /// Plans that are [`Tier::Professional`].
    pub professional: Vec<String>,
    /// Plans that are [`Tier::Enterprise`].
    pub enterprise: Vec<String>,
}

impl Chargebee {
    /// Its name.
    pub const NAME: &'static str = "chargebee_billing";
    /// How long a customer's id may be.
    pub const LONGEST_ID: usize = 50;

    /// The customer that an organization is.
    #[must_use]
    pub fn customer_of(organization: &str) -> String {
        organization.chars().take(Self::LONGEST_ID).collect()
    }

    fn tier(&self, plan: &str) -> Tier {
        let tiers = [
            (&self.standard, Tier::Standard),
            (&self.professional, Tier::Professional),
            (&self.enterprise, Tier::Enterprise),
        ];
        let known = tiers.into_iter().find(|(plans, _)| plans.iter().any(|known| known == plan));
        known.map_or(Tier::Unsubscribed, |(_, tier)| tier)
    }
}

/// A word without what the spellings differ in.
fn word(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether the trial of a subscription in this state goes on.
fn is_trial(state: &ProviderState) -> bool {
    known(state, SUBSCRIPTION_STATUS).is_some_and(|status| word(status) == "intrial")
}

/// How a subscription in this state stands.
#[must_use]
pub fn status(state: &ProviderState) -> SubscriptionStatus {
    let deleted = known(state, SUBSCRIPTION_DELETED).is_some_and(|text| word(text) == "true");
    if deleted || known(state, SUBSCRIPTION_ID).is_none() {
        return SubscriptionStatus::Unsubscribed;
    }
    match word(known(state, SUBSCRIPTION_STATUS).unwrap_or_default()).as_str() {
        "future" | "intrial" | "active" | "paused" => SubscriptionStatus::Activated,
        "nonrenewing" => SubscriptionStatus::Canceling,
        "cancelled" | "canceled" => SubscriptionStatus::Canceled,
        _ => SubscriptionStatus::Unsubscribed,
    }
}

/// When the trial of a subscription in this state ends or ended.
#[must_use]
pub fn trial_end(state: &ProviderState) -> Option<Timestamp> {
    time(known(state, TRIAL_END)?)
}

/// ISO 8601, or unix seconds.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).ok().or_else(|| {
        let at = OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok()?;
        Some(Timestamp::new(at))
    })
}

fn payment_method(state: &ProviderState) -> PaymentMethod {
    let is_valid = known(state, PAYMENT_METHOD_STATUS).is_some_and(|text| word(text) == "valid");
    let card = known(state, PAYMENT_METHOD_TYPE).is_some_and(|text| word(text) == "card");
    let kind = match (is_valid, card) {
        (false, _) => PaymentKind::None,
        (true, true) => PaymentKind::Card,
        (true, false) => PaymentKind::Other,
    };
    PaymentMethod { is_valid, kind }
}

fn period(state: &ProviderState) -> Period {
    let unit = match word(known(state, BILLING_PERIOD_UNIT).unwrap_or_default()).as_str() {
        "day" => PeriodUnit::Day,
        "week" => PeriodUnit::Week,
        "month" => PeriodUnit::Month,
        "year" => PeriodUnit::Year,
        _ => PeriodUnit::Eternity,
    };
    let value = known(state, BILLING_PERIOD_VALUE).and_then(|text| text.parse().ok());
    Period { frequency: value.unwrap_or_default(), unit }
}

fn invoice(state: &ProviderState) -> NextInvoice {
    let currency = known(state, CURRENCY_CODE).unwrap_or(DEFAULT_CURRENCY).to_owned();
    let minor = known(state, BILLING_AMOUNT).and_then(|text| text.parse().ok());
    NextInvoice {
        amount: Amount::of_minor(minor.unwrap_or_default(), &currency),
        next: known(state, NEXT_BILLING_AT).and_then(time),
        currency,
    }
}

impl BillingInterpreter for Chargebee {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn details(&self, state: &ProviderState) -> BillingDetails {
        let payment_method = payment_method(state);
        if known(state, SUBSCRIPTION_ID).is_none() {
            return BillingDetails { payment_method, ..BillingDetails::default() };
        }
        let (status, is_trial) = (status(state), is_trial(state));
        let plan = known(state, PLAN_ID);
        let goes_on =
            matches!(status, SubscriptionStatus::Activated | SubscriptionStatus::Canceling);
        BillingDetails {
            status,
            canceled_at: known(state, CANCELED_AT).and_then(time),
            can_be_unsubscribed: match status {
                SubscriptionStatus::Unsubscribed | SubscriptionStatus::Canceled => true,
                SubscriptionStatus::Activated => is_trial,
                SubscriptionStatus::Canceling => false,
            },
            plan: PlanDetails {
                id: plan.map(str::to_owned),
                is_trial,
                trial_end: trial_end(state),
                tier: plan.filter(|_| goes_on).map(|plan| self.tier(plan)).unwrap_or_default(),
            },
            period: period(state),
            invoice: invoice(state),
            payment_method,
        }
    }

    fn references(&self, state: &ProviderState) -> Result<References, SubscriptionError> {
        let buyer = known(state, CUSTOMER_ID).ok_or(SubscriptionError::IncompleteState)?.to_owned();
        Ok(References { buyer, subscription: known(state, SUBSCRIPTION_ID).map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests;
