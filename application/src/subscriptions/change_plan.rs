//! Changes the plan of a subscription, or takes over one that was given up.

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
        text::is_descriptive_name,
    },
    organizations::Organization,
    subscriptions::{PlanChange, Subscription, SubscriptionError, SubscriptionEvent},
};
use serde::Deserialize;

use super::{
    attempt,
    buyer::{known_buyer, standing},
    or_repeated,
    view::SubscriptionAnswer,
};
use crate::{
    App, Call, Error, Loaded, Policy, Result, UseCase,
    input::{id, parse_all, text},
    repository::ATTEMPTS,
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
        if let Some(done) = app.subscriptions.repeated(call).await? {
            return Ok(SubscriptionAnswer::after(app, &done));
        }
        for _ in 0..ATTEMPTS {
            let decided = async {
                let organization = app.organizations.load(call, id.as_str()).await?;
                let loaded = app.subscriptions.load_to_change(call, &id.twin("billsub")).await?;
                let events = decide(app, call, &loaded, &organization, plan).await?;
                Ok::<_, Error>((organization, loaded, events))
            };
            let (mut organization, loaded, events) = match decided.await {
                Ok(decided) => decided,
                Err(refusal) => return or_repeated(app, call, refusal).await,
            };
            // What was decided holds as long as the organization has the same people.
            let beside = vec![app.organizations.stage(&mut organization, vec![])?];
            let changed = app.subscriptions.append_beside(call, loaded, events, beside).await?;
            if let Some(changed) = changed {
                return Ok(SubscriptionAnswer::after(app, &changed));
            }
        }
        Err(Error::conflict())
    }
}

async fn decide(
    app: &App,
    call: &Call,
    subscription: &Loaded<Subscription>,
    organization: &Loaded<Organization>,
    plan: &str,
) -> Result<Vec<SubscriptionEvent>> {
    let (installed, by) = (app.billing.interpreter(), &call.caller.id);
    let standing = standing(app, call, by, organization).await?;
    let it = &subscription.state;
    let change = it.check_plan(installed, by, standing)?;
    let current = &it.provider().ok_or(SubscriptionError::NoProvider)?.state;
    let attempt = attempt(subscription);
    Ok(match change {
        PlanChange::Change => {
            let state = app.billing.change_plan(&attempt, current, plan).await?;
            it.change_plan(installed, plan, state)?
        }
        PlanChange::Claim => {
            let id = OrganizationId::parse(&organization.id)?;
            let buyer = known_buyer(app, call, by, &id).await?;
            let state = app.billing.transfer(&attempt, current, &buyer, Some(plan)).await?;
            it.transfer(installed, by, Some(plan), state)?
        }
    })
}
