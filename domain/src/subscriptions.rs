//! Subscriptions: who pays for an organization, and what for.

pub mod amount;
pub mod chargebee;
pub mod details;
pub mod events;
pub mod simple;
pub mod subscription;

pub use amount::Amount;
pub use chargebee::Chargebee;
pub use details::{
    BillingDetails, BillingInterpreter, NextInvoice, PaymentKind, PaymentMethod, Period,
    PeriodUnit, PlanDetails, ProviderState, References, SubscriptionStatus,
};
pub use events::SubscriptionEvent;
pub use simple::SimpleProvider;
pub use subscription::{
    PlanChange, Provider, ProviderChange, Standing, Subscription, SubscriptionError,
};

use serde::{Deserialize, Serialize};

/// How much somebody has subscribed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// Nothing.
    #[default]
    Unsubscribed,
    /// Trial and standard plans.
    Standard,
    /// Professional plans.
    Professional,
    /// Enterprise plans.
    Enterprise,
}

crate::ids! {
    /// The subscription of an organization.
    SubscriptionId = "billsub",
}
