//! Customers and subscriptions, made once.

use application::{
    Error, Result,
    ports::{Attempt, Buyer},
};
use domain::{
    kernel::ErrorKind,
    subscriptions::{
        Chargebee,
        chargebee::{ToldCustomer, ToldSubscription},
    },
};

use super::{
    ChargebeeBilling,
    answers::{Customers, OfCustomer, OfSubscription, Subscriptions},
    forms,
    http::{Done, Failure},
};
use crate::billing::number_of;

/// How many subscriptions of one beginning may have been deleted before anybody came to know of
/// them.
const MOST_GONE: u32 = 3;

impl ChargebeeBilling {
    pub(super) async fn find_customer(&self, id: &str) -> Result<Option<ToldCustomer>, Failure> {
        let query = [("id[is]", id.to_owned()), ("limit", "1".to_owned())];
        let found: Customers = self.http.get("customers", &query).await?;
        Ok(found.list.into_iter().next().map(|found| found.customer))
    }

    /// Has the customer be this buyer, whether it is there or not.
    pub(super) async fn put_customer(
        &self,
        attempt: &Attempt,
        buyer: &Buyer,
    ) -> Result<ToldCustomer, Failure> {
        let id = Chargebee::customer_of(buyer.organization.as_str());
        if self.find_customer(&id).await?.is_some() {
            return self.update_customer(attempt, &id, buyer).await;
        }
        let form = forms::customer(&id, buyer);
        match self.http.post::<OfCustomer>("customers", &attempt.change, &form).await {
            Err(failure) if failure.is_duplicate() => {
                self.update_customer(attempt, &id, buyer).await
            }
            made => Ok(made?.answer.customer),
        }
    }

    pub(super) async fn update_customer(
        &self,
        attempt: &Attempt,
        id: &str,
        buyer: &Buyer,
    ) -> Result<ToldCustomer, Failure> {
        let path = format!("customers/{}", forms::segment(id));
        let contact = forms::contact(buyer);
        let _: Done<OfCustomer> = self.http.post(&path, &attempt.change, &contact).await?;
        let path = format!("{path}/update_billing_info");
        let updated: Done<OfCustomer> =
            self.http.post(&path, &attempt.change, &forms::address(buyer)).await?;
        Ok(updated.answer.customer)
    }

    pub(super) async fn find_subscription(
        &self,
        id: &str,
    ) -> Result<Option<ToldSubscription>, Failure> {
        let query = [("id[is]", id.to_owned()), ("limit", "1".to_owned())];
        let found: Subscriptions = self.http.get("subscriptions", &query).await?;
        let found = found.list.into_iter().map(|found| found.subscription);
        Ok(found.into_iter().find(|told| told.deleted != Some(true)))
    }

    /// Makes a subscription, or finds the one that was made before, when nobody came to know of it.
    /// If that was deleted meanwhile, another one begins.
    pub(super) async fn create(
        &self,
        attempt: &Attempt,
        customer: &str,
        organization: &str,
        trial: bool,
    ) -> Result<ToldSubscription> {
        for gone in 0..=MOST_GONE {
            let id = subscription_id(customer, &attempt.begin, gone);
            let path = format!("customers/{}/subscription_for_items", forms::segment(customer));
            let form = forms::subscription(&id, &self.starting_plan, organization, trial);
            match self.http.post::<OfSubscription>(&path, &attempt.change, &form).await {
                Ok(Done { answer, is_repeated: false }) => return Ok(answer.subscription),
                Ok(_) => {}
                Err(failure) if failure.is_duplicate() => {}
                Err(failure) if failure.code() == Some("payment_method_not_present") => {
                    let why = "the billing provider has no payment method of the buyer";
                    return Err(Error::refused(ErrorKind::Precondition, "no_payment_method", why));
                }
                Err(failure) => return Err(failure.into()),
            }
            if let Some(found) = self.find_subscription(&id).await? {
                return Ok(found);
            }
        }
        Err(Error::unexpected("Chargebee has lost one subscription after the other"))
    }
}

/// The same for the same beginning, whoever tries it again.
fn subscription_id(customer: &str, begin: &str, gone: u32) -> String {
    let number = match gone {
        0 => number_of(begin),
        _ => number_of(&format!("{begin}/again/{gone}")),
    };
    Chargebee::customer_of(&format!("{customer}.{number:032x}"))
}
