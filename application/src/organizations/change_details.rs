//! Changes what an organization is called.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    organizations::{Organization, OrganizationEvent, is_name},
};
use serde::Deserialize;

use super::{OrganizationAnswer, UPDATED, record};
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{Field, id, parse_all, text},
};

/// Changes an organization that the caller owns; what is missing stays as it is
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ChangeOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// 1 to 100 characters of a name.
    pub name: Option<String>,
}

impl UseCase for ChangeOrganization {
    const NAME: &'static str = "organizations.change";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantOwner).with(Feature::TenantBasic);
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let (id, name) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            given_name(self.name.as_deref()),
        ))?;
        let rename = |it: &Organization| it.rename(&call.caller.id, name);
        let tell = |before: &Loaded<Organization>, events: &[OrganizationEvent]| {
            record(app, call, UPDATED, before, events)
        };
        let changed = app.organizations.change_telling(call, id.as_str(), rename, tell).await?;
        Ok(OrganizationAnswer::from(&changed))
    }
}

fn given_name(name: Option<&str>) -> Field<Option<&str>> {
    name.map(|name| text("name", Some(name), is_name)).transpose()
}
