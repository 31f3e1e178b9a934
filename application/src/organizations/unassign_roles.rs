//! Takes roles in its organization from a member.

use domain::{
    kernel::roles::{Feature, Role},
    organizations::Organization,
    subscriptions::Subscription,
};
use serde::Deserialize;

use super::{OrganizationAnswer, paying, roles::ChangedRoles};
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
        let unassign = |it: &Organization, subscription: Option<&Subscription>| {
            let buyer = subscription.and_then(Subscription::buyer);
            it.paid_by(buyer).unassign_roles(&call.caller.id, &user, &roles)
        };
        let organization = paying::change(app, call, &id, &unassign).await?;
        Ok(OrganizationAnswer::from(&organization))
    }
}
