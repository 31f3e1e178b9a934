//! Lets a member of an organization leave.

use domain::{
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::Organization,
    subscriptions::Subscription,
};
use serde::Deserialize;

use super::{OrganizationAnswer, paying};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Removes a member from an organization that the caller owns
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnInviteMemberFromOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// The member.
    #[schema(required)]
    pub user_id: Option<String>,
}

impl UseCase for UnInviteMemberFromOrganization {
    const NAME: &'static str = "organizations.un_invite_member";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantOwner).with(Feature::PlatformPaidTrial);
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let (id, user) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            id("userId", self.user_id.as_deref(), UserId::parse),
        ))?;
        let un_invite = |it: &Organization, subscription: Option<&Subscription>| {
            let buyer = subscription.and_then(Subscription::buyer);
            it.paid_by(buyer).un_invite(&call.caller.id, &user)
        };
        let organization = paying::change(app, call, &id, &un_invite).await?;
        Ok(OrganizationAnswer::from(&organization))
    }
}
