//! Gives a member roles in its organization.

use domain::{
    kernel::roles::{Feature, Role},
    organizations::Organization,
};
use serde::Deserialize;

use super::{OrganizationAnswer, roles::ChangedRoles};
use crate::{App, Call, Policy, Result, UseCase};

/// Gives a member of an organization that the caller owns roles in it; those that it holds already
/// are skipped
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssignRolesToOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// The member.
    #[schema(required)]
    pub user_id: Option<String>,
    /// Names of roles, at least one.
    #[schema(required)]
    pub roles: Option<Vec<String>>,
}

impl UseCase for AssignRolesToOrganization {
    const NAME: &'static str = "organizations.assign_roles";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantOwner).with(Feature::TenantPaidTrial);
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let ChangedRoles { organization: id, user, roles } = ChangedRoles::parse(
            self.id.as_deref(),
            self.user_id.as_deref(),
            self.roles.as_deref(),
        )?;
        let assign = |it: &Organization| it.assign_roles(&call.caller.id, &user, &roles);
        let organization = app.organizations.change(call, id.as_str(), assign).await?;
        Ok(OrganizationAnswer::from(&organization))
    }
}
