//! What happens to organizations.

use crate::{end_users::Ownership, kernel::UserId, subscriptions::SubscriptionId};

crate::events! {
    /// What happens to an organization.
    pub enum OrganizationEvent in "organizations" for "organization" {
        /// Founded; the first event of every organization. A personal one bears the name of the
        /// user that it belongs to. `host_region` is where it was stored.
        public Created = "created" v 1 {
            ownership: Ownership, created_by_id: UserId, host_region: String,
        } sealed { name: String },
        /// Somebody is a member.
        private MembershipAdded = "membership_added" v 1 { user_id: UserId },
        /// Somebody pays for it, by this subscription.
        private BillingSubscribed = "billing_subscribed" v 1 {
            subscription_id: SubscriptionId, subscriber_id: UserId,
        },
    }
}
