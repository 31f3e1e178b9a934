//! Looks at an organization.

use domain::kernel::{
    OrganizationId,
    roles::{Feature, Role},
};
use serde::Deserialize;

use super::{ORGANIZATIONS, OrganizationAnswer};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Looks at an organization that the caller is a member of
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

impl UseCase for GetOrganization {
    const NAME: &'static str = "organizations.get";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantMember).with(Feature::TenantBasic);
    const READS: &'static [&'static str] = &[ORGANIZATIONS];
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        if let Some((organization, version)) = app.organization_reads.organization(&id).await? {
            call.read_version(version);
            return Ok(OrganizationAnswer { organization });
        }
        // The read model does not know what never was from what was deleted; the log does.
        app.organizations.load(call, id.as_str()).await?;
        Err(Error::not_found())
    }
}
