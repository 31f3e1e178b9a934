//! Subscriptions: who pays for an organization, and what for.

pub mod events;
pub mod simple;
pub mod subscription;

pub use events::SubscriptionEvent;
pub use simple::{SimplePlan, SimpleProvider};
pub use subscription::{Provider, Subscription, SubscriptionError};

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
