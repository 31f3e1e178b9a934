//! Takes roles in its organization from a member.

use domain::{
    kernel::roles::{Feature, Role},
    organizations::Organization,
};
use serde::Deserialize;

use super::{OrganizationAnswer, roles::ChangedRoles};
use crate::{App, Call, Policy, Result, UseCase};

/// Takes roles in an organization that the caller owns from a member; what they grant stays
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnassignRolesFromOrganization {
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

impl UseCase for UnassignRolesFromOrganization {
    const NAME: &'static str = "organizations.unassign_roles";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantOwner).with(Feature::TenantPaidTrial);
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let ChangedRoles { organization: id, user, roles } = ChangedRoles::parse(
            self.id.as_deref(),
            self.user_id.as_deref(),
            self.roles.as_deref(),
        )?;
        let unassign = |it: &Organization| it.unassign_roles(&call.caller.id, &user, &roles);
        let organization = app.organizations.change(call, id.as_str(), unassign).await?;
        Ok(OrganizationAnswer::from(&organization))
    }
}
