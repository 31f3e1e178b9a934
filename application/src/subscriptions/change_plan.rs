//! Changes the plan of a subscription, or takes over one that was given up.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
        text::is_descriptive_name,
    },
    subscriptions::{PlanChange, Subscription},
};
use serde::Deserialize;

use super::{
    attempt,
    buyer::{known_buyer, standing_kept},
    deciding::{Decide, Decided, answer, known},
    view::SubscriptionAnswer,
};
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{id, parse_all, text},
};

/// Changes the plan of a subscription, or takes over a subscription that its buyer has canceled
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSubscriptionPlan {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// The provider's id of the plan.
    #[schema(required)]
    pub plan_id: Option<String>,
}

impl UseCase for ChangeSubscriptionPlan {
    const NAME: &'static str = "subscriptions.change_plan";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantBillingAdmin).with(Feature::TenantBasic);
    type Output = SubscriptionAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<SubscriptionAnswer> {
        let (id, plan) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            text("planId", self.plan_id.as_deref(), |plan| is_descriptive_name(plan, 1, 50)),
        ))?;
        answer(app, call, &id, &ChangePlan { plan }).await
    }
}

struct ChangePlan<'a> {
    plan: &'a str,
}

impl Decide for ChangePlan<'_> {
    async fn decide(
        &self,
        app: &App,
        call: &Call,
        organization: &OrganizationId,
        subscription: &Loaded<Subscription>,
    ) -> Result<Decided> {
        let (installed, by) = (app.billing.interpreter(), &call.caller.id);
        let (standing, unchanged) = standing_kept(app, call, by, organization).await?;
        let (it, attempt) = (&subscription.state, attempt(subscription));
        let events = match it.check_plan(installed, by, standing)? {
            PlanChange::Change => {
                let state = app.billing.change_plan(&attempt, known(it)?, self.plan).await?;
                it.change_plan(installed, self.plan, state)?
            }
            PlanChange::Claim => {
                let buyer = known_buyer(app, call, by, organization).await?;
                let plan = Some(self.plan);
                let state = app.billing.transfer(&attempt, known(it)?, &buyer, plan).await?;
                it.transfer(installed, by, plan, state)?
            }
        };
        Ok(Decided { events, unchanged: vec![unchanged] })
    }
}
