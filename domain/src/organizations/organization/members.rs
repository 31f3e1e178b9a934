//! Who belongs to an organization, and what they may do in it.

use super::{Belonging, Organization, OrganizationError};
use crate::{
    kernel::{EmailAddress, RoleSet, UserId, roles::Role},
    organizations::OrganizationEvent,
};

/// Who is to become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// A user that is known.
    User(UserId),
    /// Whoever has the address.
    Address {
        /// The address.
        email: EmailAddress,
        /// Stands for it without telling it.
        mailbox: String,
    },
}

/// Whether an owner may give somebody the role.
fn is_assignable(role: Role) -> bool {
    role.is_tenant()
}

impl Organization {
    /// Invites somebody; nothing happens if it is a member.
    ///
    /// # Errors
    /// [`OrganizationError::NotOwner`] or [`OrganizationError::Personal`].
    pub fn invite(
        &self,
        by: &UserId,
        invited: Invited,
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        self.must_own(by)?;
        self.must_be_shared()?;
        let (invited_id, mailbox, email_address) = match invited {
            Invited::User(user) if self.roles_of(&user).is_some() => return Ok(vec![]),
            Invited::User(user) => (Some(user), None, None),
            Invited::Address { email, mailbox } => (None, Some(mailbox), Some(email)),
        };
        Ok(vec![OrganizationEvent::MemberInvited {
            invited_by_id: by.clone(),
            invited_id,
            mailbox,
            email_address,
        }])
    }

    /// Lets somebody leave; nothing happens if it is no member.
    ///
    /// # Errors
    /// [`OrganizationError::NotOwner`], [`OrganizationError::SubscriberStays`],
    /// [`OrganizationError::Personal`], [`OrganizationError::LastOwner`] or
    /// [`OrganizationError::LastBillingAdmin`].
    pub fn un_invite(
        &self,
        by: &UserId,
        user: &UserId,
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        self.must_own(by)?;
        if self.is_paid_by(user) {
            return Err(OrganizationError::SubscriberStays);
        }
        self.must_be_shared()?;
        if self.roles_of(user).is_none() {
            return Ok(vec![]);
        }
        self.must_stay_led(user, &RoleSet::default())?;
        Ok(vec![OrganizationEvent::MemberUnInvited {
            uninvited_by_id: by.clone(),
            uninvited_id: user.clone(),
        }])
    }

    /// Gives a member roles; those that it holds already are skipped.
    ///
    /// # Errors
    /// [`OrganizationError::NotOwner`], [`OrganizationError::Personal`],
    /// [`OrganizationError::NotMember`] or [`OrganizationError::RoleNotAssignable`].
    pub fn assign_roles(
        &self,
        by: &UserId,
        user: &UserId,
        roles: &[Role],
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        let mut held = self.changeable_roles(by, user, roles)?.clone();
        let mut events = vec![];
        for role in reduced(roles) {
            if !held.has(role) {
                held = held.with(role);
                let (assigned_by_id, user_id) = (by.clone(), user.clone());
                events.push(OrganizationEvent::RoleAssigned { assigned_by_id, user_id, role });
            }
        }
        Ok(events)
    }

    /// Takes roles from a member; those that it does not hold itself are skipped, and what they
    /// grant directly stays.
    ///
    /// # Errors
    /// As [`Self::assign_roles`], [`OrganizationError::MemberRoleStays`],
    /// [`OrganizationError::SubscriberAdministers`], [`OrganizationError::LastOwner`] or
    /// [`OrganizationError::LastBillingAdmin`].
    pub fn unassign_roles(
        &self,
        by: &UserId,
        user: &UserId,
        roles: &[Role],
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        let mut held = self.changeable_roles(by, user, roles)?.clone();
        let mut events = vec![];
        for role in reduced(roles) {
            if held.reduced().contains(&role) {
                held = held.without(role);
                let (unassigned_by_id, user_id) = (by.clone(), user.clone());
                events.push(OrganizationEvent::RoleUnassigned { unassigned_by_id, user_id, role });
            }
        }
        if !held.has(Role::TenantMember) {
            return Err(OrganizationError::MemberRoleStays);
        }
        if self.is_paid_by(user) && !held.has(Role::TenantBillingAdmin) {
            return Err(OrganizationError::SubscriberAdministers);
        }
        self.must_stay_led(user, &held)?;
        Ok(events)
    }

    /// That others can go on without somebody who is about to be nobody. `others` are members who
    /// would be left, an owner among them if there is one.
    ///
    /// # Errors
    /// [`OrganizationError::SubscriberStays`] or [`OrganizationError::LastOwner`].
    pub fn must_do_without(
        &self,
        user: &UserId,
        others: &[UserId],
    ) -> Result<(), OrganizationError> {
        if others.is_empty() || self.must_be_shared().is_err() {
            return Ok(());
        }
        if self.is_paid_by(user) {
            return Err(OrganizationError::SubscriberStays);
        }
        if self.must_own(user).is_ok() && !others.iter().any(|other| self.must_own(other).is_ok()) {
            return Err(OrganizationError::LastOwner);
        }
        Ok(())
    }

    /// Notes a member; nothing happens if it is known.
    #[must_use]
    pub fn add_member(&self, user: &UserId) -> Vec<OrganizationEvent> {
        if self.is_noted(user) {
            return vec![];
        }
        vec![OrganizationEvent::MembershipAdded { user_id: user.clone() }]
    }

    /// Notes that somebody is a member no longer; nothing happens if it was none.
    #[must_use]
    pub fn remove_member(&self, user: &UserId) -> Vec<OrganizationEvent> {
        if !self.is_noted(user) {
            return vec![];
        }
        vec![OrganizationEvent::MembershipRemoved { user_id: user.clone() }]
    }

    /// Whether the member was un-invited, and has not left yet.
    #[must_use]
    pub fn is_leaving(&self, user: &UserId) -> bool {
        self.is_noted(user) && self.roles_of(user).is_none()
    }

    fn is_noted(&self, user: &UserId) -> bool {
        self.members.get(user).is_some_and(Belonging::is_noted)
    }

    /// The roles of a member that an owner wants to change.
    fn changeable_roles(
        &self,
        by: &UserId,
        user: &UserId,
        roles: &[Role],
    ) -> Result<&RoleSet, OrganizationError> {
        self.must_own(by)?;
        self.must_be_shared()?;
        let held = self.roles_of(user).ok_or(OrganizationError::NotMember)?;
        if roles.iter().copied().all(is_assignable) {
            Ok(held)
        } else {
            Err(OrganizationError::RoleNotAssignable)
        }
    }

    /// An owner and a billing administrator are left once the user has only these roles.
    fn must_stay_led(&self, user: &UserId, roles: &RoleSet) -> Result<(), OrganizationError> {
        let others = || {
            let others = self.members.iter().filter(|(other, _)| *other != user);
            others.filter_map(|(_, how)| how.roles())
        };
        let anybody = |role| roles.has(role) || others().any(|held| held.has(role));
        if !anybody(Role::TenantOwner) {
            return Err(OrganizationError::LastOwner);
        }
        if !anybody(Role::TenantBillingAdmin) {
            return Err(OrganizationError::LastBillingAdmin);
        }
        Ok(())
    }
}

/// Without those that others of them grant.
fn reduced(roles: &[Role]) -> Vec<Role> {
    roles.iter().copied().collect::<RoleSet>().reduced().to_vec()
}
