//! Subscriptions at Chargebee.
//!
//! Nothing is done twice: a subscription has an id that those before it decide, every command
//! carries an idempotency key that attempt and content decide, and what is asked for is compared
//! with what is there.

mod answers;
mod catalog;
mod forms;
mod history;
mod http;
mod making;
mod proof;

use std::{sync::Arc, time::Duration};

use application::{
    Error, Result,
    ports::{Attempt, BillingProvider, Buyer, Clock, Ending},
    subscriptions::{invoices::Invoice, plans::PricingPlans},
};
use async_trait::async_trait;
use domain::{
    kernel::{ErrorKind, Timestamp},
    subscriptions::{
        BillingInterpreter, Chargebee, ProviderState, SubscriptionError, SubscriptionStatus,
        chargebee::{self, CUSTOMER_ID, PLAN_ID, SUBSCRIPTION_ID, SUBSCRIPTION_VERSION},
    },
};
use tokio::{sync::Mutex, time::Instant};

use crate::secret::Secret;
use answers::OfSubscription;
use http::{Done, Http};
pub use proof::WebhookCredentials;

/// How long an operation may take altogether: less than whoever asks for it waits.
const LIMIT: Duration = Duration::from_secs(22);
/// How long it may take to tell that it is there: with [`LIMIT`], less than a reaction has.
const LIMIT_TO_TELL: Duration = Duration::from_secs(4);
/// How long plans are remembered.
const REMEMBERED: Duration = Duration::from_hours(1);

/// An account at Chargebee, and what is sold there.
#[derive(Clone)]
pub struct Account {
    /// For example `https://asite.chargebee.com/api/v2`.
    pub base_url: String,
    /// Proves that we may.
    pub api_key: Secret,
    /// The family of what is sold.
    pub product_family: String,
    /// What everybody begins with.
    pub starting_plan: String,
}

/// Sells through an account.
pub struct ChargebeeBilling {
    http: Http,
    product_family: String,
    starting_plan: String,
    interpreter: Chargebee,
    clock: Arc<dyn Clock>,
    /// The plans, and when they were asked for.
    plans: Mutex<Option<(Instant, PricingPlans)>>,
}

impl ChargebeeBilling {
    /// Through this account.
    ///
    /// # Errors
    /// If there can be no client.
    pub fn new(
        account: Account,
        interpreter: Chargebee,
        clock: Arc<dyn Clock>,
    ) -> reqwest::Result<Self> {
        let Account { base_url, api_key, product_family, starting_plan } = account;
        let http = Http::new(&base_url, api_key)?;
        let plans = Mutex::default();
        Ok(Self { http, product_family, starting_plan, interpreter, clock, plans })
    }

    /// The state as Chargebee has it now.
    async fn refreshed(&self, state: &ProviderState) -> Result<ProviderState> {
        if chargebee::status(state) == SubscriptionStatus::Unsubscribed {
            return Ok(state.clone());
        }
        let told = self.find_subscription(value(state, SUBSCRIPTION_ID)?).await?;
        Ok(told.ok_or_else(Error::not_found)?.merged_into(state))
    }

    async fn command(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        verb: &str,
        form: &forms::Form,
    ) -> Result<ProviderState> {
        let id = forms::segment(value(state, SUBSCRIPTION_ID)?);
        let path = format!("subscriptions/{id}/{verb}");
        let done: Done<OfSubscription> = self.http.post(&path, &attempt.change, form).await?;
        Ok(done.answer.subscription.merged_into(state))
    }

    /// Has the subscription end, if it does not end anyway.
    async fn ended(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        ending: Ending,
    ) -> Result<ProviderState> {
        let state = self.refreshed(state).await?;
        match (chargebee::status(&state), ending) {
            (SubscriptionStatus::Activated, _)
            | (SubscriptionStatus::Canceling, Ending::Immediately) => {
                self.command(attempt, &state, "cancel_for_items", &forms::ending(ending)).await
            }
            _ => Ok(state),
        }
    }

    /// Has the subscription go on; one that is gone begins again, without a trial.
    async fn going_on(&self, attempt: &Attempt, state: &ProviderState) -> Result<ProviderState> {
        let state = self.refreshed(state).await?;
        match chargebee::status(&state) {
            SubscriptionStatus::Activated => Ok(state),
            SubscriptionStatus::Canceling => {
                self.command(attempt, &state, "remove_scheduled_cancellation", &vec![]).await
            }
            SubscriptionStatus::Canceled => {
                self.command(attempt, &state, "reactivate", &vec![]).await
            }
            SubscriptionStatus::Unsubscribed => self.begun_again(attempt, &state).await,
        }
    }

    async fn begun_again(&self, attempt: &Attempt, state: &ProviderState) -> Result<ProviderState> {
        let customer = value(state, CUSTOMER_ID)?;
        let made = self.create(attempt, customer, customer, false).await?;
        Ok(made.merged_into(state))
    }

    async fn with_plan(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        plan: &str,
    ) -> Result<ProviderState> {
        let state = self.going_on(attempt, state).await?;
        let running = chargebee::trial_end(&state).filter(|end| *end > self.clock.now());
        let form = forms::items(plan, running);
        let after = self.command(attempt, &state, "update_for_items", &form).await?;
        if after.get(PLAN_ID).is_some_and(|has| has == plan) {
            return Ok(after);
        }
        // The answer of an earlier try was repeated, and another plan was chosen since.
        let version = after.get(SUBSCRIPTION_VERSION).map_or("again", String::as_str);
        let change = format!("{}/{version}", attempt.change);
        let again = Attempt { change, begin: attempt.begin.clone() };
        self.command(&again, &after, "update_for_items", &form).await
    }
}

/// A value that the state must have.
fn value<'a>(state: &'a ProviderState, key: &str) -> Result<&'a str, SubscriptionError> {
    let value = state.get(key).map(String::as_str).filter(|value| !value.is_empty());
    value.ok_or(SubscriptionError::IncompleteState)
}

async fn within<T>(operation: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let away = |_| Error::unavailable("the billing provider took too long; try again");
    tokio::time::timeout(LIMIT, operation).await.map_err(away)?
}

#[async_trait]
impl BillingProvider for ChargebeeBilling {
    fn interpreter(&self) -> &dyn BillingInterpreter {
        &self.interpreter
    }

    async fn is_there(&self) -> bool {
        let asked = catalog::is_readable(&self.http, &self.product_family);
        tokio::time::timeout(LIMIT_TO_TELL, asked).await.unwrap_or(false)
    }

    async fn subscribe(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        within(async {
            let customer = self.put_customer(attempt, buyer).await?;
            let state = customer.merged_into(&ProviderState::new());
            let organization = buyer.organization.as_str();
            let id = Chargebee::customer_of(organization);
            Ok(self.create(attempt, &id, organization, true).await?.merged_into(&state))
        })
        .await
    }

    async fn change_plan(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        plan: &str,
    ) -> Result<ProviderState> {
        value(state, CUSTOMER_ID)?;
        within(self.with_plan(attempt, state, plan)).await
    }

    async fn cancel(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        ending: Ending,
    ) -> Result<ProviderState> {
        value(state, SUBSCRIPTION_ID)?;
        within(self.ended(attempt, state, ending)).await
    }

    async fn unsubscribe(&self, attempt: &Attempt, state: &ProviderState) -> Result<ProviderState> {
        value(state, CUSTOMER_ID)?;
        within(async {
            let ended = match self.ended(attempt, state, Ending::Immediately).await {
                Err(error) if error.kind() == Some(ErrorKind::NotFound) => state.clone(),
                ended => ended?,
            };
            Ok(chargebee::unsubscribed(ended))
        })
        .await
    }

    async fn change_payment_method(&self, state: &ProviderState) -> Result<ProviderState> {
        let customer = value(state, CUSTOMER_ID)?;
        within(async {
            let found = self.find_customer(customer).await?;
            Ok(found.ok_or_else(Error::not_found)?.paying(state))
        })
        .await
    }

    async fn transfer(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        to: &Buyer,
        plan: Option<&str>,
    ) -> Result<ProviderState> {
        let customer = value(state, CUSTOMER_ID)?;
        within(async {
            let state = if let Some(plan) = plan {
                self.with_plan(attempt, state, plan).await?
            } else {
                let state = self.refreshed(state).await?;
                match chargebee::status(&state) {
                    SubscriptionStatus::Unsubscribed => self.begun_again(attempt, &state).await?,
                    _ => state,
                }
            };
            let customer = self.update_customer(attempt, customer, to).await?;
            Ok(customer.merged_into(&state))
        })
        .await
    }

    async fn restore_buyer(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        within(async {
            let customer = self.put_customer(attempt, buyer).await?;
            Ok(customer.merged_into(&ProviderState::new()))
        })
        .await
    }

    async fn invoices(
        &self,
        state: &ProviderState,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Invoice>> {
        let customer = value(state, CUSTOMER_ID)?;
        within(history::invoices(&self.http, customer, from, to, limit)).await
    }

    async fn plans(&self) -> Result<PricingPlans> {
        within(async {
            // Whoever comes meanwhile waits for the same answer.
            let mut remembered = self.plans.lock().await;
            if let Some((at, plans)) = remembered.as_ref()
                && at.elapsed() < REMEMBERED
            {
                return Ok(plans.clone());
            }
            let plans = catalog::plans(&self.http, &self.product_family).await?;
            *remembered = Some((Instant::now(), plans.clone()));
            Ok(plans)
        })
        .await
    }
}

#[cfg(test)]
mod tests;
