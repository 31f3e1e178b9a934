//! The end user: its rules.

mod invitations;
mod memberships;
mod platform_roles;

pub use platform_roles::is_platform_assignable;

use serde::{Deserialize, Serialize};

use super::{
    Access, Classification, Invitation, Membership, UserStatus,
    events::{EndUserEvent, RegisteredProfile},
    initial,
};
use crate::kernel::{
    Aggregate, DomainError, EmailAddress, ErrorKind, Evolve, FeatureSet, OrganizationId,
    PersonName, RoleSet,
};

/// An end user as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndUser {
    access: Access,
    status: UserStatus,
    classification: Classification,
    roles: RoleSet,
    features: FeatureSet,
    first_features: FeatureSet,
    username: Option<EmailAddress>,
    name: PersonName,
    email_digest: Option<String>,
    memberships: Vec<Membership>,
    known: bool,
    invitation: Option<Invitation>,
    invited_address: Option<EmailAddress>,
    erased: bool,
    mailboxes: Vec<String>,
}

/// What a person brings along to register.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The user name.
    pub email: EmailAddress,
    /// What the claim on the address has.
    pub email_digest: String,
    /// What the person tells of itself.
    pub profile: RegisteredProfile,
    /// Whether the address is on the list of operators.
    pub operator: bool,
    /// Where the host runs.
    pub host_region: String,
}

/// What an end user refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndUserError {
    /// Nobody registers without.
    #[error("the terms must be accepted")]
    TermsNotAccepted,
    /// Once is enough.
    #[error("the user is registered already")]
    AlreadyRegistered,
    /// Only operators give and take roles.
    #[error("only an operator may do this")]
    NotOperator,
    /// The role is no role of the platform, or nobody can be given it.
    #[error("the role can't be assigned")]
    RoleNotAssignable,
    /// Everybody who is registered has it.
    #[error("the standard role can't be taken away")]
    StandardRoleStays,
    /// A user has one organization of its own.
    #[error("the user has a personal organization already")]
    SecondPersonalOrganization,
    /// Everybody keeps its own.
    #[error("nobody leaves its personal organization")]
    PersonalOrganizationStays,
    /// It does not belong there.
    #[error("the user is not a member of the organization")]
    NotMember,
    /// Every member has it.
    #[error("the role of a member can't be taken away")]
    MemberRoleStays,
    /// Nobody was invited with it, or it was used or replaced.
    #[error("the invitation is unknown")]
    UnknownInvitation,
    /// Its time is over.
    #[error("the invitation has expired")]
    InvitationExpired,
    /// Its time is over, so that it needs a new one.
    #[error("the invitation has expired and can't be sent again")]
    InvitationNotRenewable,
}

impl DomainError for EndUserError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TermsNotAccepted
            | Self::AlreadyRegistered
            | Self::NotOperator
            | Self::RoleNotAssignable
            | Self::StandardRoleStays
            | Self::SecondPersonalOrganization
            | Self::PersonalOrganizationStays
            | Self::NotMember
            | Self::MemberRoleStays
            | Self::InvitationNotRenewable => ErrorKind::Rule,
            Self::UnknownInvitation => ErrorKind::NotFound,
            Self::InvitationExpired => ErrorKind::Precondition,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::TermsNotAccepted => "end_user_terms_not_accepted",
            Self::AlreadyRegistered => "end_user_already_registered",
            Self::NotOperator => "end_user_not_operator",
            Self::RoleNotAssignable => "end_user_role_not_assignable",
            Self::StandardRoleStays => "end_user_standard_role_stays",
            Self::SecondPersonalOrganization => "end_user_second_personal_organization",
            Self::PersonalOrganizationStays => "end_user_personal_organization_stays",
            Self::NotMember => "end_user_not_member",
            Self::MemberRoleStays => "end_user_member_role_stays",
            Self::UnknownInvitation => "invitation_unknown",
            Self::InvitationExpired => "invitation_expired",
            Self::InvitationNotRenewable => "invitation_not_renewable",
        }
    }
}

impl EndUser {
    /// Registers a person, who may be unknown so far or a guest.
    ///
    /// # Errors
    /// [`EndUserError::AlreadyRegistered`].
    pub fn register_person(&self, new: Registration) -> Result<Vec<EndUserEvent>, EndUserError> {
        if self.status == UserStatus::Registered {
            return Err(EndUserError::AlreadyRegistered);
        }
        let mut events = self.begin(new.host_region);
        events.push(EndUserEvent::Registered {
            classification: Classification::Person,
            access: Access::Enabled,
            status: UserStatus::Registered,
            roles: initial::platform_roles(new.operator).expanded(),
            features: initial::platform_features().expanded(),
            email_digest: Some(new.email_digest),
            username: Some(new.email),
            user_profile: new.profile,
        });
        Ok(events)
    }

    /// Lets everything personal go, and suspends the user; nothing happens if it is gone.
    #[must_use]
    pub fn erase(&self, mailboxes: Vec<String>) -> Vec<EndUserEvent> {
        if self.erased {
            return vec![];
        }
        vec![EndUserEvent::Erased { access: Access::Suspended, mailboxes }]
    }

    fn membership_mut(&mut self, organization: &OrganizationId) -> Option<&mut Membership> {
        self.memberships.iter_mut().find(|known| known.organization == *organization)
    }

    /// Whether it may sign in.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }
    /// Whether it has registered.
    #[must_use]
    pub fn status(&self) -> UserStatus {
        self.status
    }
    /// What sort of user it is.
    #[must_use]
    pub fn classification(&self) -> Classification {
        self.classification
    }
    /// Roles of the platform.
    #[must_use]
    pub fn roles(&self) -> &RoleSet {
        &self.roles
    }
    /// Features of the platform.
    #[must_use]
    pub fn features(&self) -> &FeatureSet {
        &self.features
    }
    /// The e-mail address that a person registered with; empty once it was erased.
    #[must_use]
    pub fn username(&self) -> Option<&EmailAddress> {
        self.username.as_ref()
    }
    /// The name that it registered with; its profile may have a newer one.
    #[must_use]
    pub fn name(&self) -> &PersonName {
        &self.name
    }
    /// What the claim on its e-mail address has, as long as it has one.
    #[must_use]
    pub fn email_digest(&self) -> Option<&str> {
        self.email_digest.as_deref()
    }
    /// Whether everything personal is gone.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased
    }
    /// Whose keys go with its own, once everything personal is gone.
    #[must_use]
    pub fn mailboxes(&self) -> &[String] {
        &self.mailboxes
    }
    /// Where it is a member, in the order in which it became one.
    #[must_use]
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships
    }
    /// What it may do in an organization; `None` if it is no member.
    #[must_use]
    pub fn membership(&self, organization: &OrganizationId) -> Option<&Membership> {
        self.memberships.iter().find(|known| known.organization == *organization)
    }
    /// Where it works when it does not say where.
    #[must_use]
    pub fn default_membership(&self) -> Option<&Membership> {
        self.memberships.iter().find(|known| known.is_default)
    }
}

impl Evolve for EndUser {
    const TYPE: &'static str = "end_user";
    type Event = EndUserEvent;

    #[expect(clippy::too_many_lines, reason = "a list of everything that can happen")]
    fn evolve(&mut self, event: &EndUserEvent) {
        match event.clone() {
            EndUserEvent::Created { access, status, classification, .. } => {
                self.known = true;
                self.access = access;
                self.status = status;
                self.classification = classification;
            }
            EndUserEvent::Registered {
                classification,
                access,
                status,
                roles,
                features,
                email_digest,
                username,
                user_profile,
            } => {
                self.classification = classification;
                self.access = access;
                self.status = status;
                self.roles = roles.into_iter().collect();
                self.features = features.into_iter().collect();
                self.first_features = self.features.clone();
                self.email_digest = email_digest;
                self.username = username;
                self.name = PersonName::stored(user_profile.first_name, user_profile.last_name);
                self.invitation = None;
            }
            EndUserEvent::PlatformRoleAssigned { role } => {
                self.roles = std::mem::take(&mut self.roles).with(role);
            }
            EndUserEvent::PlatformRoleUnassigned { role } => {
                self.roles = std::mem::take(&mut self.roles).without(role);
            }
            EndUserEvent::MembershipAdded {
                membership_id,
                organization_id,
                ownership,
                is_default,
                roles,
                features,
            } => self.memberships.push(Membership {
                id: membership_id,
                organization: organization_id,
                ownership,
                is_default,
                roles: roles.into_iter().collect(),
                features: features.into_iter().collect(),
            }),
            EndUserEvent::DefaultMembershipChanged { to_membership_id, .. } => {
                for membership in &mut self.memberships {
                    membership.is_default = membership.id == to_membership_id;
                }
            }
            EndUserEvent::GuestInvitationCreated {
                invited_by_id: _,
                email_digest,
                token_hash,
                expires_on,
                token: _,
                email_address,
            } => {
                self.invited_address = Some(email_address.clone());
                self.invitation = Some(Invitation {
                    email: email_address,
                    email_digest,
                    token: token_hash,
                    expires_on,
                });
            }
            EndUserEvent::GuestInvitationAccepted { .. } => self.invitation = None,
            EndUserEvent::MembershipRemoved { organization_id, .. } => {
                self.memberships.retain(|known| known.organization != organization_id);
            }
            EndUserEvent::MembershipRoleAssigned { organization_id, role, .. } => {
                if let Some(membership) = self.membership_mut(&organization_id) {
                    membership.roles = std::mem::take(&mut membership.roles).with(role);
                }
            }
            EndUserEvent::MembershipRoleUnassigned { organization_id, role, .. } => {
                if let Some(membership) = self.membership_mut(&organization_id) {
                    membership.roles = std::mem::take(&mut membership.roles).without(role);
                }
            }
            EndUserEvent::MembershipFeaturesReset { organization_id, features, .. } => {
                if let Some(membership) = self.membership_mut(&organization_id) {
                    membership.features = features.into_iter().collect();
                }
            }
            EndUserEvent::PlatformFeaturesReset { features, assigned_by_id: _ } => {
                self.features = features.into_iter().collect();
            }
            EndUserEvent::Erased { access, mailboxes } => {
                self.access = access;
                self.mailboxes = mailboxes;
                self.username = self.username.take().map(|_| EmailAddress::default());
                self.name = PersonName::default();
                self.email_digest = None;
                self.invitation = None;
                self.invited_address = self.invited_address.take().map(|_| EmailAddress::default());
                self.erased = true;
            }
        }
    }
}

impl Aggregate for EndUser {
    const STATE_VERSION: u32 = 3;

    /// The platform's: a user may belong to many organizations.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    /// Never: an erased user stays, without anything personal.
    fn is_deleted(&self) -> bool {
        false
    }
    fn subject(&self, id: &str) -> Option<String> {
        Some(id.to_owned())
    }
}

#[cfg(test)]
mod tests;
