//! Subscriptions: looking at them, and how they come to be.

pub mod inspect;
pub mod reactions;

use domain::subscriptions::{SimplePlan, SimpleProvider, Subscription, Tier};

use crate::App;

/// How much the organization has, as the installed billing provider sees it.
#[must_use]
pub fn tier(_app: &App, subscription: &Subscription) -> Tier {
    match subscription.provider().map(SimpleProvider::plan) {
        Some(SimplePlan::Standard) => Tier::Standard,
        Some(SimplePlan::Unsubscribed) | None => Tier::Unsubscribed,
    }
}

/// Whether the subscription can end now, as the installed billing provider sees it.
#[must_use]
pub fn can_be_unsubscribed(_app: &App, subscription: &Subscription) -> bool {
    subscription.is_complete()
}
