//! Subscriptions: who pays for an organization, and what for.

pub mod events;
pub mod simple;
pub mod subscription;

pub use events::SubscriptionEvent;
pub use simple::{SimplePlan, SimpleProvider};
pub use subscription::{Provider, Subscription, SubscriptionError};

crate::ids! {
    /// The subscription of an organization.
    SubscriptionId = "billsub",
}
