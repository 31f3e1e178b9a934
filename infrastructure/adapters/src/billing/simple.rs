//! The provider that is built in: everybody has the one plan, and nobody pays.

use application::{
    Result,
    ports::{Attempt, BillingProvider, Buyer, Ending},
    subscriptions::{
        invoices::{Invoice, InvoiceLine, InvoiceNote, InvoicePayment},
        plans::{FeatureSection, PlanFeature, PlanTrial, PricingPlan, PricingPlans},
        view::SubscriptionPeriod,
    },
    wire_time::WireTime,
};
use async_trait::async_trait;
use domain::{
    kernel::Timestamp,
    subscriptions::{
        Amount, BillingInterpreter, ProviderState, SimpleProvider, amount::DEFAULT_CURRENCY,
    },
};
use time::{Date, Month};

use super::number_of;

/// Asks nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimpleBilling;

#[async_trait]
impl BillingProvider for SimpleBilling {
    fn interpreter(&self) -> &dyn BillingInterpreter {
        &SimpleProvider
    }

    async fn is_there(&self) -> bool {
        true
    }

    async fn subscribe(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        Ok(SimpleProvider::subscribed(&buyer.id, number_of(&attempt.change)))
    }

    async fn change_plan(
        &self,
        attempt: &Attempt,
        state: &ProviderState,
        _plan: &str,
    ) -> Result<ProviderState> {
        Ok(SimpleProvider::plan_chosen(state, number_of(&attempt.change)))
    }

    async fn cancel(
        &self,
        _attempt: &Attempt,
        state: &ProviderState,
        _ending: Ending,
    ) -> Result<ProviderState> {
        Ok(SimpleProvider::canceled(state))
    }

    async fn unsubscribe(
        &self,
        _attempt: &Attempt,
        state: &ProviderState,
    ) -> Result<ProviderState> {
        Ok(SimpleProvider::canceled(state))
    }

    /// There is nothing to pay, in whatever way.
    async fn change_payment_method(&self, state: &ProviderState) -> Result<ProviderState> {
        Ok(state.clone())
    }

    async fn transfer(
        &self,
        attempt: &Attempt,
        _state: &ProviderState,
        to: &Buyer,
        _plan: Option<&str>,
    ) -> Result<ProviderState> {
        Ok(SimpleProvider::subscribed(&to.id, number_of(&attempt.change)))
    }

    async fn restore_buyer(&self, attempt: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        self.subscribe(attempt, buyer).await
    }

    async fn invoices(
        &self,
        state: &ProviderState,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Invoice>> {
        let reference = SimpleProvider.references(state).ok().and_then(|known| known.subscription);
        let reference = reference.as_deref().unwrap_or(SimpleProvider::NAME);
        let mut invoices = vec![];
        let mut next = first_of_month(from);
        while let Some(day) = next
            && invoices.len() < usize::try_from(limit).unwrap_or(usize::MAX)
        {
            invoices.push(invoice(reference, day));
            if day.midnight().assume_utc() >= to.get() {
                break;
            }
            next = month_after(day);
        }
        Ok(invoices)
    }

    async fn plans(&self) -> Result<PricingPlans> {
        Ok(PricingPlans { eternally: vec![plan()], ..PricingPlans::default() })
    }
}

/// The first day of a month that is not before this.
fn first_of_month(from: Timestamp) -> Option<Date> {
    let first = from.get().date().replace_day(1).ok()?;
    if first.midnight().assume_utc() >= from.get() { Some(first) } else { month_after(first) }
}

fn month_after(day: Date) -> Option<Date> {
    let month = day.month().next();
    let year = if month == Month::January { day.year() + 1 } else { day.year() };
    Date::from_calendar_date(year, month, 1).ok()
}

fn month_before(day: Date) -> Option<Date> {
    day.previous_day()?.replace_day(1).ok()
}

fn invoice(reference: &str, day: Date) -> Invoice {
    let wire = |day: Date| WireTime::from(Timestamp::new(day.midnight().assume_utc()));
    let (year, month, number) = day.to_calendar_date();
    let currency = DEFAULT_CURRENCY.to_owned();
    let id = format!("invoice_{year:04}{:02}{number:02}", u8::from(month));
    Invoice {
        amount: Some(Amount::ZERO),
        currency: currency.clone(),
        includes_tax: true,
        tax_amount: Some(Amount::ZERO),
        invoiced_on_utc: Some(wire(day)),
        period_start_utc: month_before(day).map(wire),
        period_end_utc: Some(wire(day)),
        status: "paid",
        line_items: vec![InvoiceLine {
            reference: reference.to_owned(),
            description: "Everything, for free".to_owned(),
            amount: Some(Amount::ZERO),
            currency: currency.clone(),
            is_taxed: true,
            tax_amount: Some(Amount::ZERO),
        }],
        notes: vec![InvoiceNote { description: "There is nothing to pay".to_owned() }],
        payment: Some(InvoicePayment {
            amount: Some(Amount::ZERO),
            currency,
            paid_on_utc: Some(wire(day)),
            reference: id.clone(),
        }),
        id,
    }
}

fn plan() -> PricingPlan {
    PricingPlan {
        id: SimpleProvider::PLAN.to_owned(),
        display_name: Some("Free".to_owned()),
        description: Some("Everything, for free".to_owned()),
        notes: None,
        cost: Amount::ZERO,
        setup_cost: Amount::ZERO,
        currency: DEFAULT_CURRENCY.to_owned(),
        is_recommended: true,
        period: SubscriptionPeriod { frequency: 1, unit: "eternity" },
        trial: Some(PlanTrial { has_trial: false, frequency: 0, unit: "eternity" }),
        feature_section: vec![FeatureSection {
            description: Some("Features".to_owned()),
            features: vec![PlanFeature {
                description: Some("Everything".to_owned()),
                is_included: true,
            }],
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    async fn days(from: &str, to: &str) -> Vec<String> {
        let all = SimpleBilling.invoices(&ProviderState::new(), at(from), at(to), 100).await;
        all.unwrap().into_iter().map(|invoice| invoice.id).collect()
    }

    #[tokio::test]
    async fn every_month_has_its_invoice_up_to_the_first_one_behind_the_end() {
        let summer =
            ["invoice_20240601", "invoice_20240701", "invoice_20240801", "invoice_20240901"];
        assert_eq!(days("2024-06-01T00:00:00Z", "2024-09-01T00:00:00Z").await, summer);
        assert_eq!(days("2024-05-02T00:00:00Z", "2024-08-02T00:00:00Z").await, summer);
        let turn = ["invoice_20241201", "invoice_20250101"];
        assert_eq!(days("2024-11-01T00:00:01Z", "2024-12-31T23:59:59Z").await, turn);
    }

    #[tokio::test]
    async fn an_invoice_is_of_the_month_before() {
        let all = SimpleBilling
            .invoices(
                &ProviderState::new(),
                at("2025-01-01T00:00:00Z"),
                at("2025-01-01T00:00:00Z"),
                9,
            )
            .await
            .unwrap();
        let shown = |at: &Option<WireTime>| at.map(|at| at.to_string()).unwrap();
        assert_eq!(shown(&all[0].period_start_utc), "2024-12-01T00:00:00Z");
        assert_eq!(shown(&all[0].period_end_utc), "2025-01-01T00:00:00Z");
        assert_eq!(all[0].line_items[0].reference, "simple_billing_provider");
    }
}
