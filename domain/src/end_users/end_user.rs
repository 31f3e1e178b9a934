//! The end user: its rules.

use serde::{Deserialize, Serialize};

use super::{
    Access, Classification, Membership, MembershipId, Ownership, UserStatus,
    events::{EndUserEvent, RegisteredProfile},
    initial,
};
use crate::kernel::{
    Aggregate, DomainError, EmailAddress, ErrorKind, Evolve, FeatureSet, OrganizationId,
    PersonName, RoleSet, roles::Role,
};

/// An end user as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndUser {
    access: Access,
    status: UserStatus,
    classification: Classification,
    roles: RoleSet,
    features: FeatureSet,
    username: Option<EmailAddress>,
    name: PersonName,
    email_digest: Option<String>,
    memberships: Vec<Membership>,
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
}

impl DomainError for EndUserError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TermsNotAccepted
            | Self::AlreadyRegistered
            | Self::NotOperator
            | Self::RoleNotAssignable
            | Self::StandardRoleStays
            | Self::SecondPersonalOrganization => ErrorKind::Rule,
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
        }
    }
}

/// Whether an operator may give somebody the role.
#[must_use]
pub fn is_platform_assignable(role: Role) -> bool {
    !role.is_tenant()
        && role != Role::PlatformInternalService
        && role != Role::PlatformExternalWebhookService
}

impl EndUser {
    /// Registers a person, who may be unknown so far.
    ///
    /// # Errors
    /// [`EndUserError::AlreadyRegistered`].
    pub fn register_person(&self, new: Registration) -> Result<Vec<EndUserEvent>, EndUserError> {
        if self.status == UserStatus::Registered {
            return Err(EndUserError::AlreadyRegistered);
        }
        Ok(vec![
            EndUserEvent::Created {
                access: Access::Enabled,
                status: UserStatus::Unregistered,
                classification: Classification::Person,
                host_region: new.host_region,
            },
            EndUserEvent::Registered {
                classification: Classification::Person,
                access: Access::Enabled,
                status: UserStatus::Registered,
                roles: initial::platform_roles(new.operator).expanded(),
                features: initial::platform_features().expanded(),
                email_digest: Some(new.email_digest),
                username: Some(new.email),
                user_profile: new.profile,
            },
        ])
    }

    /// Gives roles of the platform; those held already are skipped.
    ///
    /// # Errors
    /// [`EndUserError::NotOperator`] or [`EndUserError::RoleNotAssignable`].
    pub fn assign_roles(
        &self,
        roles: &[Role],
        by: &EndUser,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        by.must_operate()?;
        let mut events = vec![];
        let mut held = self.roles.clone();
        for role in roles.iter().copied() {
            if !is_platform_assignable(role) {
                return Err(EndUserError::RoleNotAssignable);
            }
            if !held.has(role) {
                held = held.with(role);
                events.push(EndUserEvent::PlatformRoleAssigned { role });
            }
        }
        Ok(events)
    }

    /// Takes roles of the platform away; those not held are skipped, and what they grant stays.
    ///
    /// # Errors
    /// [`EndUserError::NotOperator`], [`EndUserError::RoleNotAssignable`] or
    /// [`EndUserError::StandardRoleStays`].
    pub fn unassign_roles(
        &self,
        roles: &[Role],
        by: &EndUser,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        by.must_operate()?;
        let mut events = vec![];
        let mut held = self.roles.clone();
        for role in roles.iter().copied() {
            if !is_platform_assignable(role) {
                return Err(EndUserError::RoleNotAssignable);
            }
            if role == Role::PlatformStandard {
                return Err(EndUserError::StandardRoleStays);
            }
            if held.has(role) {
                held = held.without(role);
                events.push(EndUserEvent::PlatformRoleUnassigned { role });
            }
        }
        Ok(events)
    }

    /// Makes the creator of an organization a member of it; nothing happens if it is one. The first
    /// organization becomes the default, and so does a shared one; a personal one does not take
    /// over from an organization that invited the user before it registered.
    ///
    /// # Errors
    /// [`EndUserError::SecondPersonalOrganization`].
    pub fn join_as_creator(
        &self,
        id: MembershipId,
        organization: OrganizationId,
        ownership: Ownership,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        if self.membership(&organization).is_some() {
            return Ok(vec![]);
        }
        let personal = |known: &Membership| known.ownership == Ownership::Personal;
        if ownership == Ownership::Personal && self.memberships.iter().any(personal) {
            return Err(EndUserError::SecondPersonalOrganization);
        }
        let roles = initial::creator_roles(self.classification, ownership).expanded();
        let features = initial::creator_features(&self.features).expanded();
        let first = self.memberships.is_empty();
        let mut events = vec![EndUserEvent::MembershipAdded {
            membership_id: id.clone(),
            organization_id: organization.clone(),
            ownership,
            is_default: first,
            roles: roles.clone(),
            features: features.clone(),
        }];
        if first || ownership == Ownership::Shared {
            events.push(EndUserEvent::DefaultMembershipChanged {
                from_membership_id: self.default_membership().map(|known| known.id.clone()),
                to_membership_id: id,
                to_organization_id: organization,
                roles,
                features,
            });
        }
        Ok(events)
    }

    /// Makes the user a plain member of a shared organization, where it works by default from now
    /// on; nothing happens if it is one.
    #[must_use]
    pub fn join_as_member(
        &self,
        id: MembershipId,
        organization: OrganizationId,
    ) -> Vec<EndUserEvent> {
        if self.membership(&organization).is_some() {
            return vec![];
        }
        let roles = initial::member_roles().expanded();
        let features = initial::member_features().expanded();
        vec![
            EndUserEvent::MembershipAdded {
                membership_id: id.clone(),
                organization_id: organization.clone(),
                ownership: Ownership::Shared,
                is_default: self.memberships.is_empty(),
                roles: roles.clone(),
                features: features.clone(),
            },
            EndUserEvent::DefaultMembershipChanged {
                from_membership_id: self.default_membership().map(|known| known.id.clone()),
                to_membership_id: id,
                to_organization_id: organization,
                roles,
                features,
            },
        ]
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

    fn must_operate(&self) -> Result<(), EndUserError> {
        if self.roles.has(Role::PlatformOperations) {
            Ok(())
        } else {
            Err(EndUserError::NotOperator)
        }
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

    fn evolve(&mut self, event: &EndUserEvent) {
        match event.clone() {
            EndUserEvent::Created { access, status, classification, .. } => {
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
                self.email_digest = email_digest;
                self.username = username;
                self.name = PersonName::stored(user_profile.first_name, user_profile.last_name);
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
            EndUserEvent::GuestInvitationCreated { .. }
            | EndUserEvent::GuestInvitationAccepted { .. } => {}
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
                self.erased = true;
            }
        }
    }
}

impl Aggregate for EndUser {
    const STATE_VERSION: u32 = 1;

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
