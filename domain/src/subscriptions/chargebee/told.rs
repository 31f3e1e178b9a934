//! What Chargebee tells, in answers and in notifications, and what that makes of a state.

use serde::Deserialize;
use time::OffsetDateTime;

use super::{
    BILLING_AMOUNT, BILLING_PERIOD_UNIT, BILLING_PERIOD_VALUE, CANCELED_AT, CURRENCY_CODE,
    CUSTOMER_ID, CUSTOMER_VERSION, NEXT_BILLING_AT, PAYMENT_METHOD_STATUS, PAYMENT_METHOD_TYPE,
    PLAN_ID, SUBSCRIPTION_DELETED, SUBSCRIPTION_ID, SUBSCRIPTION_STATUS, SUBSCRIPTION_VERSION,
    TRIAL_END, word,
};
use crate::subscriptions::{ProviderState, details::known};

/// A subscription as Chargebee has it. Times are unix seconds, amounts minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "Chargebee documents them")]
pub struct ToldSubscription {
    pub id: Option<String>,
    pub customer_id: Option<String>,
    pub status: Option<String>,
    pub deleted: Option<bool>,
    pub cancelled_at: Option<i64>,
    pub billing_period: Option<i64>,
    pub billing_period_unit: Option<String>,
    pub currency_code: Option<String>,
    pub next_billing_at: Option<i64>,
    pub trial_end: Option<i64>,
    pub subscription_items: Vec<ToldItem>,
    pub resource_version: Option<i64>,
}

/// What a subscription includes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "Chargebee documents them")]
pub struct ToldItem {
    pub item_price_id: Option<String>,
    pub amount: Option<i64>,
}

/// A customer as Chargebee has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "Chargebee documents them")]
pub struct ToldCustomer {
    pub id: Option<String>,
    pub payment_method: Option<ToldPaymentMethod>,
    pub resource_version: Option<i64>,
}

/// How a customer pays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ToldPaymentMethod {
    /// `valid`, `expired` and so on.
    pub status: Option<String>,
    /// `card` and so on.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl ToldSubscription {
    /// The state with what this tells: what it does not mention stays, but for marks of an end that
    /// it has no longer. Nothing changes if something newer is known.
    #[must_use]
    pub fn merged_into(&self, state: &ProviderState) -> ProviderState {
        let mut state = state.clone();
        if is_older(&state, SUBSCRIPTION_VERSION, self.resource_version) {
            return state;
        }
        let mut set = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                state.insert(key.to_owned(), value);
            }
        };
        set(SUBSCRIPTION_VERSION, number(self.resource_version));
        if self.deleted == Some(true) {
            return unsubscribed(state);
        }
        let item = self.subscription_items.first();
        set(SUBSCRIPTION_DELETED, Some("false".to_owned()));
        set(SUBSCRIPTION_ID, self.id.clone());
        set(CUSTOMER_ID, self.customer_id.clone());
        set(SUBSCRIPTION_STATUS, self.status.clone());
        set(BILLING_PERIOD_VALUE, number(self.billing_period));
        set(BILLING_PERIOD_UNIT, self.billing_period_unit.clone());
        set(PLAN_ID, item.and_then(|item| item.item_price_id.clone()));
        set(BILLING_AMOUNT, number(item.and_then(|item| item.amount)));
        set(CURRENCY_CODE, self.currency_code.clone());
        set(NEXT_BILLING_AT, self.next_billing_at.and_then(iso));
        for (key, at) in [(CANCELED_AT, self.cancelled_at), (TRIAL_END, self.trial_end)] {
            match at.and_then(iso) {
                Some(at) => drop(state.insert(key.to_owned(), at)),
                None => drop(state.remove(key)),
            }
        }
        state
    }
}

impl ToldCustomer {
    /// Whether something newer is known.
    fn is_late(&self, state: &ProviderState) -> bool {
        is_older(state, CUSTOMER_VERSION, self.resource_version)
    }
    /// The state with what this tells: what it does not mention stays. Nothing changes if something
    /// newer is known.
    #[must_use]
    pub fn merged_into(&self, state: &ProviderState) -> ProviderState {
        let mut state = state.clone();
        if self.is_late(&state) {
            return state;
        }
        let method = self.payment_method.as_ref();
        for (key, value) in [
            (CUSTOMER_ID, self.id.clone()),
            (CUSTOMER_VERSION, number(self.resource_version)),
            (PAYMENT_METHOD_STATUS, method.and_then(|method| method.status.clone())),
            (PAYMENT_METHOD_TYPE, method.and_then(|method| method.kind.clone())),
        ] {
            if let Some(value) = value {
                state.insert(key.to_owned(), value);
            }
        }
        state
    }
    /// As [`Self::merged_into`], where this tells everything: no way to pay if it mentions none.
    #[must_use]
    pub fn paying(&self, state: &ProviderState) -> ProviderState {
        let mut merged = self.merged_into(state);
        if self.payment_method.is_none() && !self.is_late(state) {
            merged.remove(PAYMENT_METHOD_STATUS);
            merged.remove(PAYMENT_METHOD_TYPE);
        }
        merged
    }
}

/// The state of somebody whose subscription is gone.
#[must_use]
pub fn unsubscribed(mut state: ProviderState) -> ProviderState {
    state.insert(SUBSCRIPTION_DELETED.to_owned(), "true".to_owned());
    state.remove(SUBSCRIPTION_ID);
    state
}

/// Whether two states mean the same, whatever their versions and however their words are spelled.
#[must_use]
pub fn is_same(one: &ProviderState, other: &ProviderState) -> bool {
    bare(one) == bare(other)
}

fn bare(state: &ProviderState) -> ProviderState {
    let mut state = state.clone();
    state.remove(SUBSCRIPTION_VERSION);
    state.remove(CUSTOMER_VERSION);
    for key in
        [SUBSCRIPTION_STATUS, BILLING_PERIOD_UNIT, PAYMENT_METHOD_STATUS, PAYMENT_METHOD_TYPE]
    {
        if let Some(text) = state.get_mut(key) {
            *text = word(text);
        }
    }
    // What is not said to be deleted is not.
    if known(&state, SUBSCRIPTION_DELETED).is_none_or(|text| word(text) != "true") {
        state.remove(SUBSCRIPTION_DELETED);
    }
    state
}

/// Whether the second state has a later version than the first. It must be kept then even if nothing
/// else changed: it tells what came before it.
#[must_use]
pub fn is_newer(one: &ProviderState, other: &ProviderState) -> bool {
    let version = |state: &ProviderState, key: &str| known(state, key)?.parse::<i64>().ok();
    // `None` is before every version.
    [SUBSCRIPTION_VERSION, CUSTOMER_VERSION]
        .iter()
        .any(|key| version(one, key) < version(other, key))
}

fn is_older(state: &ProviderState, key: &str, version: Option<i64>) -> bool {
    let before = known(state, key).and_then(|text| text.parse::<i64>().ok());
    before.zip(version).is_some_and(|(before, version)| version < before)
}

fn number(number: Option<i64>) -> Option<String> {
    number.map(|number| number.to_string())
}

/// Unix seconds as ISO 8601, to the second; `None` for what no calendar has.
#[must_use]
pub fn iso(seconds: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|at| at.year() > 0)?;
    let (date, time) = (at.date(), at.time());
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    ))
}
