//! What Chargebee answers, as far as it matters.

use domain::subscriptions::chargebee::{ToldCustomer, ToldSubscription};
use serde::Deserialize;

/// Why it does not do what it was asked.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Refusal {
    pub api_error_code: Option<String>,
}

#[derive(Deserialize)]
pub struct OfCustomer {
    pub customer: ToldCustomer,
}

#[derive(Deserialize)]
pub struct OfSubscription {
    pub subscription: ToldSubscription,
}

/// A page of something.
#[derive(Deserialize)]
pub struct Page<T> {
    pub list: Vec<T>,
    #[serde(default)]
    pub next_offset: Option<String>,
}

pub type Customers = Page<OfCustomer>;
pub type Subscriptions = Page<OfSubscription>;

#[derive(Deserialize)]
pub struct OfItemPrice {
    pub item_price: ItemPrice,
}

/// What something costs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ItemPrice {
    pub id: String,
    pub item_id: Option<String>,
    pub item_type: Option<String>,
    pub name: Option<String>,
    pub external_name: Option<String>,
    pub description: Option<String>,
    pub invoice_notes: Option<String>,
    pub price: Option<i64>,
    pub currency_code: Option<String>,
    pub period: Option<u32>,
    pub period_unit: Option<String>,
    pub trial_period: Option<u32>,
    pub trial_period_unit: Option<String>,
}

#[derive(Deserialize)]
pub struct OfAttachedItem {
    pub attached_item: AttachedItem,
}

/// What comes with a plan.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AttachedItem {
    pub item_id: Option<String>,
    pub status: Option<String>,
    pub charge_on_event: Option<String>,
}

#[derive(Deserialize)]
pub struct OfEntitlement {
    pub entitlement: Entitlement,
}

/// What a plan gives a right to.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Entitlement {
    pub feature_id: Option<String>,
    pub value: Option<String>,
}

#[derive(Deserialize)]
pub struct OfFeature {
    pub feature: Feature,
}

/// Something that plans include or do not.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Feature {
    pub id: String,
    pub name: Option<String>,
    pub description: Option<String>,
}

#[derive(Deserialize)]
pub struct OfInvoice {
    pub invoice: ToldInvoice,
}

/// Times are unix seconds, amounts minor units.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ToldInvoice {
    pub id: String,
    pub total: Option<i64>,
    pub tax: Option<i64>,
    pub currency_code: Option<String>,
    pub price_type: Option<String>,
    pub date: Option<i64>,
    pub status: Option<String>,
    pub line_items: Vec<ToldLine>,
    pub notes: Vec<ToldNote>,
    pub linked_payments: Vec<ToldPayment>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ToldLine {
    pub id: Option<String>,
    pub date_from: Option<i64>,
    pub date_to: Option<i64>,
    pub description: Option<String>,
    pub amount: Option<i64>,
    pub is_taxed: bool,
    pub tax_amount: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ToldNote {
    pub note: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ToldPayment {
    pub txn_id: Option<String>,
    pub applied_amount: Option<i64>,
    pub txn_date: Option<i64>,
}
