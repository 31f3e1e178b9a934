//! Roles of the platform: operators give and take them.

use super::{EndUser, EndUserError};
use crate::{end_users::EndUserEvent, kernel::roles::Role};

/// Whether an operator may give somebody the role.
#[must_use]
pub fn is_platform_assignable(role: Role) -> bool {
    !role.is_tenant()
        && role != Role::PlatformInternalService
        && role != Role::PlatformExternalWebhookService
}

impl EndUser {
    /// What operators alone do is refused to others.
    ///
    /// # Errors
    /// [`EndUserError::NotOperator`].
    pub fn must_operate(&self) -> Result<(), EndUserError> {
        if self.roles.has(Role::PlatformOperations) {
            Ok(())
        } else {
            Err(EndUserError::NotOperator)
        }
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
}
