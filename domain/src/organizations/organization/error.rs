//! What organizations refuse.

use crate::kernel::{DomainError, ErrorKind};

/// What an organization refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationError {
    /// Only people found shared ones.
    #[error("a machine can't create a shared organization")]
    FoundedByMachine,
    /// What the token says may be outdated.
    #[error("only an owner of the organization may do this")]
    NotOwner,
    /// It has one member, for ever.
    #[error("this can't be done with a personal organization")]
    Personal,
    /// Whoever pays for it stays.
    #[error("whoever pays for the organization can't be removed from it")]
    SubscriberStays,
    /// Only whoever pays for it deletes it.
    #[error("only whoever pays for the organization may do this")]
    NotSubscriber,
    /// The subscription has to end first.
    #[error("the subscription of the organization can't end in its current state")]
    StillSubscribed,
    /// Nobody loses an organization without being told.
    #[error("the organization has other members")]
    OtherMembers,
    /// Roles are for members.
    #[error("the user is not a member of the organization")]
    NotMember,
    /// It is no role within organizations.
    #[error("the role can't be assigned")]
    RoleNotAssignable,
    /// Whoever is a member has at least this role.
    #[error("the role of members can't be taken from a member")]
    MemberRoleStays,
    /// Whoever pays for it administers that.
    #[error("whoever pays for the organization stays its billing administrator")]
    SubscriberAdministers,
    /// Somebody has to own it.
    #[error("the organization needs an owner")]
    LastOwner,
    /// Somebody has to administer what it pays.
    #[error("the organization needs a billing administrator")]
    LastBillingAdmin,
    /// Numbers and truth values are no secrets.
    #[error("only a text can be an encrypted setting")]
    SettingNotText,
    /// It says that it is a number, or true or false.
    #[error("the value of a setting is not of its type")]
    SettingMistyped,
}

impl DomainError for OrganizationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOwner | Self::SubscriberStays | Self::NotSubscriber => ErrorKind::Forbidden,
            Self::FoundedByMachine
            | Self::Personal
            | Self::StillSubscribed
            | Self::OtherMembers
            | Self::NotMember
            | Self::RoleNotAssignable
            | Self::MemberRoleStays
            | Self::SubscriberAdministers
            | Self::LastOwner
            | Self::LastBillingAdmin
            | Self::SettingNotText
            | Self::SettingMistyped => ErrorKind::Rule,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::FoundedByMachine => "organization_founded_by_machine",
            Self::NotOwner => "organization_not_owner",
            Self::Personal => "organization_personal",
            Self::SubscriberStays => "organization_subscriber_stays",
            Self::NotSubscriber => "organization_not_subscriber",
            Self::StillSubscribed => "organization_still_subscribed",
            Self::OtherMembers => "organization_other_members",
            Self::NotMember => "organization_not_member",
            Self::RoleNotAssignable => "organization_role_not_assignable",
            Self::MemberRoleStays => "organization_member_role_stays",
            Self::SubscriberAdministers => "organization_subscriber_administers",
            Self::LastOwner => "organization_last_owner",
            Self::LastBillingAdmin => "organization_last_billing_admin",
            Self::SettingNotText => "organization_setting_not_text",
            Self::SettingMistyped => "organization_setting_mistyped",
        }
    }
}
