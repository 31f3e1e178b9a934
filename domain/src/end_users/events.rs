//! What happens to end users.

use serde::{Deserialize, Serialize};

use super::{Access, Classification, MembershipId, Ownership, UserStatus};
use crate::{
    identities::{OneTimeToken, TokenHash},
    kernel::{
        EmailAddress, OrganizationId, Timestamp, UserId,
        roles::{Feature, Role},
    },
};

/// What a user told of itself when it registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegisteredProfile {
    /// The first name; of a machine, its name.
    pub first_name: String,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// A name of the IANA database.
    pub timezone: String,
    /// In the form of BCP 47.
    pub locale: String,
    /// Three letters, as in ISO 3166-1.
    pub country_code: String,
}

crate::events! {
    /// What happens to an end user.
    pub enum EndUserEvent in "end_users" for "end_user" {
        /// Known to the platform; the first event of every user. `host_region` is where it was
        /// stored.
        private Created = "created" v 1 {
            access: Access, status: UserStatus, classification: Classification, host_region: String,
        },
        /// Took part. Roles and features are those of the platform, with everything that they grant.
        /// Persons have a user name, their e-mail address; `email_digest` is what the claim on it
        /// has.
        public Registered = "registered" v 1 {
            classification: Classification, access: Access, status: UserStatus,
            roles: Vec<Role>, features: Vec<Feature>,
            #[serde(skip_serializing_if = "Option::is_none")]
            email_digest: Option<String>,
        } sealed {
            #[serde(skip_serializing_if = "Option::is_none")]
            username: Option<EmailAddress>,
            user_profile: RegisteredProfile,
        },
        /// Was invited to register, until `expires_on` (UTC); an earlier invitation is void.
        /// `token_hash` and `email_digest` are claimed.
        private GuestInvitationCreated = "guest_invitation_created" v 1 {
            invited_by_id: UserId, email_digest: String, token_hash: TokenHash,
            expires_on: Timestamp,
        } sealed { token: OneTimeToken, email_address: EmailAddress },
        /// Took the invitation by registering, with this address.
        private GuestInvitationAccepted = "guest_invitation_accepted" v 1 {
            #[serde(alias = "acceptedOn")]
            accepted_at_utc: Timestamp,
        } sealed { accepted_email_address: EmailAddress },
        /// Got a role of the platform.
        public PlatformRoleAssigned = "platform_role_assigned" v 1 { role: Role },
        /// Lost a role of the platform; what that role granted stays.
        public PlatformRoleUnassigned = "platform_role_unassigned" v 1 { role: Role },
        /// Became a member of an organization, with these roles and features there.
        public MembershipAdded = "membership_added" v 1 {
            membership_id: MembershipId, organization_id: OrganizationId, ownership: Ownership,
            is_default: bool, roles: Vec<Role>, features: Vec<Feature>,
        },
        /// Is no member of an organization any more; `un_invited_by_id` decided that.
        public MembershipRemoved = "membership_removed" v 1 {
            membership_id: MembershipId, organization_id: OrganizationId,
            un_invited_by_id: UserId,
        },
        /// Got a role in an organization.
        public MembershipRoleAssigned = "membership_role_assigned" v 1 {
            membership_id: MembershipId, organization_id: OrganizationId, role: Role,
        },
        /// Lost a role in an organization; what that role granted stays.
        public MembershipRoleUnassigned = "membership_role_unassigned" v 1 {
            membership_id: MembershipId, organization_id: OrganizationId, role: Role,
        },
        /// Has these features in an organization from now on, and no others.
        public MembershipFeaturesReset = "membership_features_reset" v 1 {
            assigned_by_id: UserId, membership_id: MembershipId,
            organization_id: OrganizationId, features: Vec<Feature>,
        },
        /// Has these features of the platform from now on, and no others.
        public PlatformFeaturesReset = "platform_features_reset" v 1 {
            assigned_by_id: UserId, features: Vec<Feature>,
        },
        /// Works in another organization when it does not say in which; roles and features are those
        /// of the new default.
        public DefaultMembershipChanged = "default_membership_changed" v 1 {
            #[serde(skip_serializing_if = "Option::is_none")]
            from_membership_id: Option<MembershipId>,
            to_membership_id: MembershipId, to_organization_id: OrganizationId,
            roles: Vec<Role>, features: Vec<Feature>,
        },
        /// Everything personal that was known of it can no longer be read, and it can't sign in.
        /// `mailboxes` name whose keys went with it; its e-mail address is free again.
        public Erased = "erased" v 1 { access: Access, mailboxes: Vec<String> },
    }
}
