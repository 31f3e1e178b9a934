//! Looks at the settings of an organization: for tests.

use std::collections::BTreeMap;

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    organizations::Organization,
};
use serde::{Deserialize, Serialize};

use super::{OrganizationView, settings::context};
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{id, parse_all},
    ports::SealedText,
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
        let settings = opened(app, &loaded).await?;
        let organization =
            OrganizationWithSettings { organization: (&loaded).into(), settings: settings.clone() };
        Ok(GetOrganizationSettingsResponse { organization, settings })
    }
}

/// The values of all settings; those that can't be decrypted are empty.
async fn opened(
    app: &App,
    organization: &Loaded<Organization>,
) -> Result<BTreeMap<String, String>> {
    let id = organization.id.as_str();
    let mut values = BTreeMap::new();
    for (name, setting) in organization.state.settings() {
        let value = if setting.is_encrypted {
            let context = context(id, name);
            let sealed = SealedText { subject: id, context: &context, text: &setting.value };
            let plain = app.vault.open(&[sealed]).await?.pop().flatten();
            plain.and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default()
        } else {
            setting.value.clone()
        };
        values.insert(name.clone(), value);
    }
    Ok(values)
}
