//! Looks at the settings of an organization: for tests.

use std::collections::BTreeMap;

use domain::kernel::{
    OrganizationId,
    roles::{Feature, Role},
};
use serde::{Deserialize, Serialize};

use super::{OrganizationView, settings::read};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Looks at the settings of an organization
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetOrganizationSettings {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

/// The answer of [`GetOrganizationSettings`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GetOrganizationSettingsResponse {
    /// The organization.
    pub organization: OrganizationWithSettings,
    /// Its settings by their names, as text.
    pub settings: BTreeMap<String, String>,
}

/// An organization with its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OrganizationWithSettings {
    /// The organization.
    #[serde(flatten)]
    pub organization: OrganizationView,
    /// Its settings by their names, as text.
    pub settings: BTreeMap<String, String>,
}

impl UseCase for GetOrganizationSettings {
    const NAME: &'static str = "organizations.get_settings";
    const POLICY: Policy =
        Policy::token().organization().role(Role::PlatformStandard).with(Feature::PlatformBasic);
    type Output = GetOrganizationSettingsResponse;

    async fn run(self, app: &App, call: &Call) -> Result<GetOrganizationSettingsResponse> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        let loaded = app.organizations.load(call, id.as_str()).await?;
        let settings = read(app, &loaded).await?;
        let settings: BTreeMap<String, String> =
            settings.into_iter().map(|setting| (setting.name, setting.value)).collect();
        let organization =
            OrganizationWithSettings { organization: (&loaded).into(), settings: settings.clone() };
        Ok(GetOrganizationSettingsResponse { organization, settings })
    }
}
