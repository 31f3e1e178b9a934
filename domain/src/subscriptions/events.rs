//! What happens to subscriptions.

use std::collections::BTreeMap;

use crate::kernel::{OrganizationId, UserId};

crate::events! {
    /// What happens to a subscription.
    pub enum SubscriptionEvent in "subscriptions" for "subscription" {
        /// Somebody is to pay for an organization; the first event of every subscription. The
        /// provider is the one that is installed, and knows nothing of it yet.
        public Created = "created" v 1 {
            owning_entity_id: OrganizationId, buyer_id: UserId, provider_name: String,
        },
        /// A billing provider has it. What the provider knows is `provider_state`, in its own words;
        /// the references are its ids of the buyer and of the subscription.
        private ProviderChanged = "provider_changed" v 1 {
            owning_entity_id: OrganizationId,
            #[serde(skip_serializing_if = "Option::is_none")]
            from_provider_name: Option<String>,
            to_provider_name: String, provider_state: BTreeMap<String, String>,
            buyer_reference: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            subscription_reference: Option<String>,
        },
    }
}
