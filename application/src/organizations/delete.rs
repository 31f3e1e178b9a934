//! Deletes an organization.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    organizations::Organization,
    subscriptions::Subscription,
};
use serde::Deserialize;

use super::paying;
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
    ports::Audited,
    subscriptions::can_be_unsubscribed,
};

/// Deletes an organization that the caller owns and pays for, for good. It must have no other
/// members
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DeleteOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

impl UseCase for DeleteOrganization {
    const NAME: &'static str = "organizations.delete";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantOwner).with(Feature::TenantPaidTrial);
    type Output = ();

    async fn run(self, app: &App, call: &Call) -> Result<()> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        let by = &call.caller.id;
        app.audit(
            call,
            &Audited {
                code: "Organization.Deleted",
                against: None,
                template: "User {0} deleted organization {1}",
                arguments: &[by.as_str(), id.as_str()],
            },
        )?;
        let delete = |it: &Organization, subscription: Option<&Subscription>| {
            let buyer = subscription.and_then(Subscription::buyer);
            let can_end = subscription.is_some_and(|paid| can_be_unsubscribed(app, paid));
            it.paid_by(buyer).delete(by, can_end)
        };
        paying::change(app, call, &id, &delete).await?;
        Ok(())
    }
}
