//! The billing provider that is built in: everybody has the one plan, and nobody pays.

use std::collections::BTreeMap;

use super::{Provider, SubscriptionError};
use crate::kernel::UserId;

const BUYER: &str = "BuyerId";
const SUBSCRIPTION: &str = "SubscriptionId";

/// Reads and writes what this provider knows of a subscription.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimpleProvider;

/// What the state of a subscription means to this provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimplePlan {
    /// Nothing.
    Unsubscribed,
    /// The one plan.
    Standard,
}

impl SimpleProvider {
    /// Its name.
    pub const NAME: &'static str = "simple_billing_provider";

    /// The id of its one plan.
    pub const PLAN: &'static str = "_simple_standard";

    /// What somebody whose subscription is in this state has.
    #[must_use]
    pub fn plan(provider: &Provider) -> SimplePlan {
        match reference(&provider.state, SUBSCRIPTION) {
            Some(_) => SimplePlan::Standard,
            None => SimplePlan::Unsubscribed,
        }
    }

    /// What it knows once somebody has subscribed. `number` makes the reference of the subscription
    /// unique.
    #[must_use]
    pub fn subscribe(buyer: &UserId, number: u128) -> Provider {
        let subscription = format!("simplesub_{number:032x}");
        let state = [(BUYER, buyer.to_string()), (SUBSCRIPTION, subscription)];
        Provider {
            name: Self::NAME.to_owned(),
            state: state.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        }
    }

    /// Its ids of the buyer and of the subscription, of which a new subscription needs both.
    ///
    /// # Errors
    /// [`SubscriptionError::OtherProvider`] or [`SubscriptionError::IncompleteState`].
    pub(super) fn initial(provider: &Provider) -> Result<(String, String), SubscriptionError> {
        if provider.name != Self::NAME {
            return Err(SubscriptionError::OtherProvider);
        }
        let known = |key: &str| reference(&provider.state, key);
        known(BUYER).zip(known(SUBSCRIPTION)).ok_or(SubscriptionError::IncompleteState)
    }
}

fn reference(state: &BTreeMap<String, String>, key: &str) -> Option<String> {
    state.get(key).filter(|value| !value.is_empty()).cloned()
}
