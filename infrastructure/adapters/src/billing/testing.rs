//! Chargebee in testing builds: nothing leaves the machine, and what happens can be told before.

use std::sync::Arc;

use application::{
    Error, Result,
    ports::{Attempt, BillingProvider, Buyer, Clock, Ending},
    subscriptions::{invoices::Invoice, plans::PricingPlans},
};
use async_trait::async_trait;
use domain::{
    kernel::Timestamp,
    subscriptions::{
        BillingInterpreter, Chargebee, ProviderState, SubscriptionError,
        chargebee::{
            BILLING_PERIOD_UNIT, BILLING_PERIOD_VALUE, CANCELED_AT, CUSTOMER_ID,
            PAYMENT_METHOD_STATUS, PAYMENT_METHOD_TYPE, PLAN_ID, SUBSCRIPTION_DELETED,
            SUBSCRIPTION_ID, SUBSCRIPTION_STATUS, TRIAL_END, iso, unsubscribed,
        },
    },
};
use time::{Month, OffsetDateTime, util::days_in_month};

use super::number_of;

/// What everybody begins with.
const STARTING_PLAN: &str = "apaidtrial";

/// Understands Chargebee, and pretends to be it.
pub struct PretendedChargebee {
    interpreter: Chargebee,
    clock: Arc<dyn Clock>,
}

impl PretendedChargebee {
    /// With these plans.
    #[must_use]
    pub fn new(interpreter: Chargebee, clock: Arc<dyn Clock>) -> Self {
        Self { interpreter, clock }
    }
}

fn set(state: &mut ProviderState, key: &str, value: impl Into<String>) {
    state.insert(key.to_owned(), value.into());
}

/// The state of somebody who has this plan, with nothing left of an end or a trial.
fn active(attempt: &Attempt, state: &ProviderState, plan: Option<&str>) -> ProviderState {
    let mut state = state.clone();
    for mark in [CANCELED_AT, TRIAL_END, SUBSCRIPTION_DELETED] {
        state.remove(mark);
    }
    set(&mut state, SUBSCRIPTION_STATUS, "active");
    if !state.contains_key(SUBSCRIPTION_ID) {
        set(&mut state, SUBSCRIPTION_ID, format!("{:032x}", number_of(&attempt.begin)));
    }
    if let Some(plan) = plan {
        set(&mut state, PLAN_ID, plan);
    }
    state
}

fn a_month_later(at: OffsetDateTime) -> OffsetDateTime {
    let month = at.month().next();
    let year = if month == Month::January { at.year() + 1 } else { at.year() };
    let day = at.day().min(days_in_month(month, year));
    time::Date::from_calendar_date(year, month, day).map_or(at, |date| at.replace_date(date))
}

#[async_trait]
impl BillingProvider for PretendedChargebee {
    fn interpreter(&self) -> &dyn BillingInterpreter {
        &self.interpreter
    }

    async fn is_there(&self) -> bool {
        true
    }

    async fn subscribe(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        let mut state = ProviderState::new();
        set(&mut state, CUSTOMER_ID, Chargebee::customer_of(buyer.organization.as_str()));
        set(&mut state, BILLING_PERIOD_VALUE, "1");
        set(&mut state, BILLING_PERIOD_UNIT, "month");
        Ok(active(attempt, &state, Some(STARTING_PLAN)))
    }

    async fn change_plan(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        plan: &str,
    ) -> Result<ProviderState> {
        self.interpreter.references(state)?;
        Ok(active(attempt, state, Some(plan)))
    }

    async fn cancel(
        &self,
        _attempt: &Attempt,
        state: &ProviderState,
        ending: Ending,
    ) -> Result<ProviderState> {
        if self.interpreter.references(state)?.subscription.is_none() {
            return Err(SubscriptionError::IncompleteState.into());
        }
        let now = self.clock.now().get();
        let (status, at) = match ending {
            Ending::EndOfTerm => ("non_renewing", a_month_later(now)),
            Ending::Immediately => ("cancelled", now),
        };
        let at = iso(at.unix_timestamp()).ok_or_else(|| Error::unexpected("no such time"))?;
        let mut state = state.clone();
        set(&mut state, SUBSCRIPTION_STATUS, status);
        set(&mut state, CANCELED_AT, at);
        Ok(state)
    }

    async fn unsubscribe(&self, attempt: &Attempt, state: &ProviderState) -> Result<ProviderState> {
        if self.interpreter.references(state)?.subscription.is_none() {
            return Ok(state.clone());
        }
        self.cancel(attempt, state, Ending::Immediately).await.map(unsubscribed)
    }

    /// Everybody has a card here.
    async fn change_payment_method(&self, state: &ProviderState) -> Result<ProviderState> {
        self.interpreter.references(state)?;
        let mut state = state.clone();
        set(&mut state, PAYMENT_METHOD_STATUS, "valid");
        set(&mut state, PAYMENT_METHOD_TYPE, "card");
        Ok(state)
    }

    async fn transfer(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        _to: &Buyer,
        plan: Option<&str>,
    ) -> Result<ProviderState> {
        self.interpreter.references(state)?;
        Ok(active(attempt, state, plan))
    }

    async fn restore_buyer(&self, _attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        let mut state = ProviderState::new();
        set(&mut state, CUSTOMER_ID, Chargebee::customer_of(buyer.organization.as_str()));
        Ok(state)
    }

    async fn invoices(
        &self,
        _state: &ProviderState,
        _from: Timestamp,
        _to: Timestamp,
        _limit: u32,
    ) -> Result<Vec<Invoice>> {
        Ok(vec![])
    }

    async fn plans(&self) -> Result<PricingPlans> {
        Ok(PricingPlans::default())
    }
}
