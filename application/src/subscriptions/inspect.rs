//! Looks at the subscription of an organization.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    subscriptions::SubscriptionError,
};
use serde::Deserialize;

use super::{SUBSCRIPTIONS, buyer::is_billing_admin, view::SubscriptionAnswer};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Looks at what an organization has subscribed to
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetSubscription {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

impl UseCase for GetSubscription {
    const NAME: &'static str = "subscriptions.get";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantBillingAdmin).with(Feature::TenantBasic);
    const READS: &'static [&'static str] = &[SUBSCRIPTIONS];
    type Output = SubscriptionAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<SubscriptionAnswer> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        let found = app.subscription_reads.of_organization(&id).await?;
        let record = found.ok_or_else(Error::not_found)?;
        let caller = &call.caller.id;
        if record.buyer_id != caller.as_str() && !is_billing_admin(app, call, caller, &id).await? {
            return Err(SubscriptionError::NotBillingAdmin.into());
        }
        call.read_version(record.version);
        Ok(SubscriptionAnswer::of(app, record))
    }
}
