//! What happens to organizations.

use serde::{Deserialize, Serialize};

use crate::{
    end_users::Ownership,
    kernel::{EmailAddress, UserId, roles::Role},
    subscriptions::SubscriptionId,
};

/// What a setting of an organization is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SettingType {
    /// A text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

crate::events! {
    /// What happens to an organization.
    pub enum OrganizationEvent in "organizations" for "organization" {
        /// Founded; the first event of every organization. A personal one bears the name of the
        /// user that it belongs to. `host_region` is where it was stored.
        public Created = "created" v 1 {
            ownership: Ownership, created_by_id: UserId, host_region: String,
        } sealed { name: String },
        /// Has a setting; `string_value` is encrypted if `is_encrypted`.
        private SettingCreated = "setting_created" v 1 {
            name: String, string_value: String, value_type: SettingType, is_encrypted: bool,
        },
        /// A setting is something else now; `from` and `to` as they are stored, `to` encrypted if
        /// `is_encrypted`.
        private SettingUpdated = "setting_updated" v 1 {
            name: String, from: String, from_type: SettingType, to: String, to_type: SettingType,
            is_encrypted: bool,
        },
        /// Is called something else.
        public NameChanged = "name_changed" v 1 {} sealed { name: String },
        /// Somebody is to become a member: the user with this id, or whoever has this address.
        /// `mailbox` names whose key encrypts the address.
        public MemberInvited = "member_invited" v 1 {
            invited_by_id: UserId,
            #[serde(skip_serializing_if = "Option::is_none")]
            invited_id: Option<UserId>,
            #[serde(skip_serializing_if = "Option::is_none")]
            mailbox: Option<String>,
        } sealed {
            #[serde(skip_serializing_if = "Option::is_none")]
            email_address: Option<EmailAddress>,
        },
        /// A member is to leave.
        public MemberUnInvited = "member_un_invited" v 1 {
            uninvited_by_id: UserId, uninvited_id: UserId,
        },
        /// Somebody is a member.
        private MembershipAdded = "membership_added" v 1 { user_id: UserId },
        /// Somebody is a member no longer.
        private MembershipRemoved = "membership_removed" v 1 { user_id: UserId },
        /// A member is to have a role.
        public RoleAssigned = "role_assigned" v 1 {
            assigned_by_id: UserId, user_id: UserId, role: Role,
        },
        /// A member is to lose a role; what that role granted stays.
        public RoleUnassigned = "role_unassigned" v 1 {
            unassigned_by_id: UserId, user_id: UserId, role: Role,
        },
        /// Somebody pays for it, by this subscription.
        private BillingSubscribed = "billing_subscribed" v 1 {
            subscription_id: SubscriptionId, subscriber_id: UserId,
        },
        /// Somebody else pays for it.
        private BillingSubscriberChanged = "billing_subscriber_changed" v 1 {
            from_subscriber_id: UserId, to_subscriber_id: UserId,
        },
        /// Gone for good; the last event.
        public Deleted = "deleted" v 1 { deleted_by_id: UserId },
    }
}
