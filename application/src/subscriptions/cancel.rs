//! Cancels a subscription.

use domain::{
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    subscriptions::Subscription,
};
use serde::Deserialize;

use super::{
    attempt,
    deciding::{Decide, Decided, answer, known},
    view::SubscriptionAnswer,
};
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{id, parse_all},
    ports::Ending,
};

/// Cancels a subscription when what was paid for is over
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct CancelSubscription {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

/// Cancels a subscription at once, whoever pays for it
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ForceCancelSubscription {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

impl UseCase for CancelSubscription {
    const NAME: &'static str = "subscriptions.cancel";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantBillingAdmin).with(Feature::TenantBasic);
    type Output = SubscriptionAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<SubscriptionAnswer> {
        let operates = call.caller.has_role(Role::PlatformOperations, None);
        let by = Some(&call.caller.id).filter(|_| !operates);
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        answer(app, call, &id, &Cancel { by, ending: Ending::EndOfTerm }).await
    }
}

impl UseCase for ForceCancelSubscription {
    const NAME: &'static str = "subscriptions.force_cancel";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    type Output = SubscriptionAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<SubscriptionAnswer> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        answer(app, call, &id, &Cancel { by: None, ending: Ending::Immediately }).await
    }
}

struct Cancel<'a> {
    /// `None` for an operator.
    by: Option<&'a UserId>,
    ending: Ending,
}

impl Decide for Cancel<'_> {
    async fn decide(
        &self,
        app: &App,
        _: &Call,
        _: &OrganizationId,
        subscription: &Loaded<Subscription>,
    ) -> Result<Decided> {
        let (installed, it) = (app.billing.interpreter(), &subscription.state);
        it.check_cancel(installed, self.by)?;
        let state = app.billing.cancel(&attempt(subscription), known(it)?, self.ending).await?;
        Ok(it.cancel(installed, state)?.into())
    }
}
