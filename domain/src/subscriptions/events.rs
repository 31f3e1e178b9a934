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
        /// Includes something else.
        public SubscriptionPlanChanged = "subscription_plan_changed" v 1 {
            plan_id: String,
            owning_entity_id: OrganizationId, provider_name: String,
            provider_state: BTreeMap<String, String>,
            buyer_reference: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            subscription_reference: Option<String>,
        },
        /// Somebody else pays.
        public SubscriptionTransferred = "subscription_transferred" v 1 {
            plan_id: String, from_buyer_id: UserId, to_buyer_id: UserId,
            owning_entity_id: OrganizationId, provider_name: String,
            provider_state: BTreeMap<String, String>,
            buyer_reference: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            subscription_reference: Option<String>,
        },
        /// Ends, now or when what was paid for is over.
        public SubscriptionCanceled = "subscription_canceled" v 1 {
            owning_entity_id: OrganizationId, provider_name: String,
            provider_state: BTreeMap<String, String>,
        },
        /// The provider has it no longer.
        public SubscriptionUnsubscribed = "subscription_unsubscribed" v 1 {
            owning_entity_id: OrganizationId, provider_name: String,
            provider_state: BTreeMap<String, String>,
        },
        /// Is paid for in another way.
        private PaymentMethodChanged = "payment_method_changed" v 1 {
            owning_entity_id: OrganizationId, provider_name: String,
            provider_state: BTreeMap<String, String>,
        },
        /// The provider knows the buyer again, after it had been deleted there.
        private BuyerRestored = "buyer_restored" v 1 {
            owning_entity_id: OrganizationId, provider_name: String,
            provider_state: BTreeMap<String, String>,
            buyer_reference: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            subscription_reference: Option<String>,
        },
        /// Gone for good, with its organization; the last event.
        public Deleted = "deleted" v 1 { deleted_by_id: UserId },
    }
}
