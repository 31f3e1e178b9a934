//! The billing provider that is built in: everybody has the one plan, and nobody pays.

use super::{
    BillingDetails, BillingInterpreter, PaymentKind, PaymentMethod, PlanDetails, ProviderState,
    References, SubscriptionError, SubscriptionStatus, Tier, details::known,
};
use crate::kernel::UserId;

const BUYER: &str = "BuyerId";
const SUBSCRIPTION: &str = "SubscriptionId";

/// Reads and writes what this provider knows of a subscription.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimpleProvider;

impl SimpleProvider {
    /// Its name.
    pub const NAME: &'static str = "simple_billing_provider";

    /// The id of its one plan.
    pub const PLAN: &'static str = "_simple_standard";

    /// What it knows once somebody has subscribed. `number` makes the reference of the subscription
    /// unique.
    #[must_use]
    pub fn subscribed(buyer: &UserId, number: u128) -> ProviderState {
        let subscription = format!("simplesub_{number:032x}");
        [(BUYER.to_owned(), buyer.to_string()), (SUBSCRIPTION.to_owned(), subscription)].into()
    }

    /// What it knows once a plan was chosen: who had unsubscribed is back.
    #[must_use]
    pub fn plan_chosen(state: &ProviderState, number: u128) -> ProviderState {
        let mut state = state.clone();
        if known(&state, SUBSCRIPTION).is_none() {
            state.insert(SUBSCRIPTION.to_owned(), format!("simplesub_{number:032x}"));
        }
        state
    }

    /// What it knows once the buyer has canceled.
    #[must_use]
    pub fn canceled(state: &ProviderState) -> ProviderState {
        state.iter().filter(|(key, _)| *key == BUYER).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

impl BillingInterpreter for SimpleProvider {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn details(&self, state: &ProviderState) -> BillingDetails {
        let payment_method = PaymentMethod { is_valid: true, kind: PaymentKind::Other };
        let nothing = BillingDetails {
            can_be_unsubscribed: true,
            payment_method,
            ..BillingDetails::default()
        };
        if known(state, SUBSCRIPTION).is_none() {
            return nothing;
        }
        BillingDetails {
            status: SubscriptionStatus::Activated,
            plan: PlanDetails {
                id: Some(Self::PLAN.to_owned()),
                tier: Tier::Standard,
                ..PlanDetails::default()
            },
            ..nothing
        }
    }

    fn references(&self, state: &ProviderState) -> Result<References, SubscriptionError> {
        let buyer = known(state, BUYER).ok_or(SubscriptionError::IncompleteState)?.to_owned();
        Ok(References { buyer, subscription: known(state, SUBSCRIPTION).map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buyer() -> UserId {
        UserId::parse("user_ann0000000").expect("valid")
    }

    #[test]
    fn whoever_has_subscribed_has_the_one_plan() {
        let details = SimpleProvider.details(&SimpleProvider::subscribed(&buyer(), 1));
        assert_eq!(details.status, SubscriptionStatus::Activated);
        assert_eq!(details.plan.id.as_deref(), Some("_simple_standard"));
        assert_eq!(details.plan.tier, Tier::Standard);
        assert!(details.can_be_canceled() && details.can_be_unsubscribed);
        assert!(details.payment_method.is_valid);
    }

    #[test]
    fn whoever_cancels_has_nothing_and_can_come_back() {
        let state = SimpleProvider::subscribed(&buyer(), 1);
        let canceled = SimpleProvider::canceled(&state);
        let details = SimpleProvider.details(&canceled);
        assert_eq!(details.status, SubscriptionStatus::Unsubscribed);
        assert_eq!(details.plan, PlanDetails::default());
        assert!(details.can_be_unsubscribed && details.payment_method.is_valid);
        assert_eq!(
            SimpleProvider.references(&canceled).expect("the buyer stays").subscription,
            None
        );
        let back = SimpleProvider::plan_chosen(&canceled, 2);
        assert_eq!(back, SimpleProvider::subscribed(&buyer(), 2));
        assert_eq!(SimpleProvider::plan_chosen(&state, 2), state, "the plan can't change");
    }

    #[test]
    fn a_subscription_begins_with_buyer_and_reference() {
        for missing in [BUYER, SUBSCRIPTION] {
            let mut state = SimpleProvider::subscribed(&buyer(), 1);
            assert_eq!(SimpleProvider.check_initial(&state), Ok(()));
            state.insert(missing.to_owned(), String::new());
            let refused = SimpleProvider.check_initial(&state);
            assert_eq!(refused, Err(SubscriptionError::IncompleteState), "{missing}");
        }
    }
}
