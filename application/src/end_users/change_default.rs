//! Changes where a user works when it does not say where.

use domain::{
    end_users::{EndUser, EndUserEvent},
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
};
use serde::Deserialize;
use serde_json::json;

use super::EndUserAnswer;
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Changes the organization that the caller works in when it does not say in which
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDefaultOrganization {
    /// One that the caller is a member of.
    #[schema(required)]
    pub organization_id: Option<String>,
}

impl UseCase for ChangeDefaultOrganization {
    const NAME: &'static str = "end_users.change_default_organization";
    const POLICY: Policy =
        Policy::token().role(Role::PlatformStandard).with(Feature::PlatformPaidTrial);
    type Output = EndUserAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<EndUserAnswer> {
        let organization = self.organization_id.as_deref();
        let (organization,) =
            parse_all((id("organizationId", organization, OrganizationId::parse),))?;
        let user = call.caller.id.as_str();
        let change = |user: &EndUser| user.change_default(&organization);
        let tell = |before: &Loaded<EndUser>, events: &[EndUserEvent]| {
            if events.is_empty() {
                return Ok(());
            }
            record(app, call, &call.caller.id, &before.state, &organization)
        };
        let user = app.end_users.change_telling(call, user, change, tell).await?;
        Ok(EndUserAnswer::from(&user))
    }
}

/// Tells where a member works from now on, when it does not say where.
///
/// # Errors
/// As [`App::usage`].
pub(super) fn record(
    app: &App,
    call: &Call,
    id: &UserId,
    user: &EndUser,
    organization: &OrganizationId,
) -> Result<()> {
    app.usage(
        call,
        "Membership Changed",
        &[
            ("ResourceId", json!(user.membership(organization).map(|known| &known.id))),
            ("Name", json!(user.name().full())),
            ("UserIdOverride", json!(id)),
            ("TenantIdOverride", json!(organization)),
            ("EmailAddress", json!(user.username())),
        ],
    )
}
