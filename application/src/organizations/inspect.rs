//! Looks at an organization.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    organizations::Organization,
};
use serde::{Deserialize, Serialize};

use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    end_users::ownership_name,
    input::{id, parse_all},
};

/// Looks at an organization that the caller is a member of
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

/// An organization as its members see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Organization)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationView {
    /// `org_…`
    pub id: String,
    /// What it is called; of a personal one, like the person.
    pub name: String,
    /// Who created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by_id: Option<String>,
    /// `personal` or `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<&'static str>,
}

/// The answer of [`GetOrganization`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GetOrganizationResponse {
    /// The organization.
    pub organization: OrganizationView,
}

impl From<&Loaded<Organization>> for OrganizationView {
    fn from(loaded: &Loaded<Organization>) -> Self {
        Self {
            id: loaded.id.clone(),
            name: loaded.state.name().to_owned(),
            created_by_id: loaded.state.created_by().map(ToString::to_string),
            ownership: loaded.state.ownership().map(ownership_name),
        }
    }
}

impl UseCase for GetOrganization {
    const NAME: &'static str = "organizations.get";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantMember).with(Feature::TenantBasic);
    type Output = GetOrganizationResponse;

    async fn run(self, app: &App, call: &Call) -> Result<GetOrganizationResponse> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        let loaded = app.organizations.load(call, id.as_str()).await?;
        Ok(GetOrganizationResponse { organization: (&loaded).into() })
    }
}
