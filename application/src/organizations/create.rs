//! Creates an organization that others can be invited to.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    organizations::{NewOrganization, Organization, is_name},
};
use serde::Deserialize;

use super::{CREATED, OrganizationAnswer, record, settings};
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{parse_all, text},
};

/// Creates an organization that others can be invited to
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct CreateOrganization {
    /// 1 to 100 characters of a name.
    #[schema(required)]
    pub name: Option<String>,
}

impl UseCase for CreateOrganization {
    const NAME: &'static str = "organizations.create";
    const POLICY: Policy =
        Policy::token().role(Role::PlatformStandard).with(Feature::PlatformPaidTrial);
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let (name,) = parse_all((text("name", self.name.as_deref(), is_name),))?;
        let by = &call.caller.id;
        let creator = app.end_users.load(call, by.as_str()).await?.state;
        let id = OrganizationId::new(app.ids.token());
        let new = NewOrganization::shared(by, name, &app.region)
            .with_settings(settings::initial(app, id.as_str()).await?);
        let events = Organization::create_shared(new, creator.classification())?;
        record(app, call, CREATED, &Loaded::new(id.as_str()), &events)?;
        let organization = app.organizations.create(call, id.as_str(), events).await?;
        Ok(OrganizationAnswer::from(&organization))
    }
}
