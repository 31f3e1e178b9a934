//! Deletes an organization.

use domain::{
    kernel::{
        ErrorKind, OrganizationId,
        roles::{Feature, Role},
    },
    organizations::Organization,
};
use serde::Deserialize;

use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
    ports::Audited,
    subscriptions,
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
        let can_be_unsubscribed = can_be_unsubscribed(app, call, &id).await?;
        app.audit(
            call,
            &Audited {
                code: "Organization.Deleted",
                against: None,
                template: "User {0} deleted organization {1}",
                arguments: &[by.as_str(), id.as_str()],
            },
        )?;
        let delete = |it: &Organization| it.delete(by, can_be_unsubscribed);
        app.organizations.change(call, id.as_str(), delete).await?;
        Ok(())
    }
}

/// Whether the subscription of the organization can end now; not if either is gone.
async fn can_be_unsubscribed(app: &App, call: &Call, id: &OrganizationId) -> Result<bool> {
    let Some(organization) = unless_deleted(app.organizations.find(call, id.as_str()).await)?
    else {
        return Ok(false);
    };
    let Some(id) = organization.state.subscription() else { return Ok(false) };
    let subscription = unless_deleted(app.subscriptions.find(call, id.as_str()).await)?;
    Ok(subscription.is_some_and(|known| subscriptions::can_be_unsubscribed(app, &known.state)))
}

/// Who deletes again is answered as before, if it is the same call, or else told that it is gone.
fn unless_deleted<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(None),
        other => other,
    }
}
