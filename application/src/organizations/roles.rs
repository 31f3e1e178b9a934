//! The part that giving and taking roles share: an organization, a member, and a list of roles.

use domain::{
    kernel::{OrganizationId, UserId, roles::Role},
    organizations::OrganizationError,
};

use crate::{
    Result,
    end_users::roles::names,
    input::{id, parse_all},
};

/// Whose roles are to change, where, and which.
#[derive(Debug, PartialEq)]
pub struct ChangedRoles {
    /// The organization.
    pub organization: OrganizationId,
    /// The member.
    pub user: UserId,
    /// At least one.
    pub roles: Vec<Role>,
}

impl ChangedRoles {
    /// Reads them.
    ///
    /// # Errors
    /// Validation, if an id is malformed, or the list is empty or has what can't be a role; a rule
    /// violation, if it has what is no role.
    pub fn parse(
        organization: Option<&str>,
        user: Option<&str>,
        roles: Option<&[String]>,
    ) -> Result<Self> {
        let (organization, user, names) = parse_all((
            id("id", organization, OrganizationId::parse),
            id("userId", user, UserId::parse),
            names(roles),
        ))?;
        let known = |name: &String| {
            let role = Role::ALL.iter().find(|role| role.name().eq_ignore_ascii_case(name));
            role.copied().ok_or(OrganizationError::RoleNotAssignable)
        };
        let roles = names.iter().map(known).collect::<Result<_, _>>()?;
        Ok(Self { organization, user, roles })
    }
}
