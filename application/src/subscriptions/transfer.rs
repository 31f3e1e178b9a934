//! Hands a subscription over to another buyer.

use domain::{
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::Organization,
    subscriptions::{Subscription, SubscriptionError, SubscriptionEvent},
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
    input::{id, parse_all},
    ports::Audited,
    repository::ATTEMPTS,
};

/// Hands a subscription over to another billing administrator of the organization
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferSubscription {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// Who is to pay.
    #[schema(required)]
    pub user_id: Option<String>,
}

impl UseCase for TransferSubscription {
    const NAME: &'static str = "subscriptions.transfer";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantBillingAdmin).with(Feature::TenantBasic);
    type Output = SubscriptionAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<SubscriptionAnswer> {
        let (id, to) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            id("userId", self.user_id.as_deref(), UserId::parse),
        ))?;
        if let Some(done) = app.subscriptions.repeated(call).await? {
            return Ok(SubscriptionAnswer::after(app, &done));
        }
        let subscription = id.twin("billsub");
        let arguments = [call.caller.id.as_str(), &subscription, to.as_str()];
        let audit = Audited {
            code: "Subscription.BuyerTransferred",
            against: Some(&call.caller.id),
            template: "User {0} transferred the subscription {1} to user {2}",
            arguments: &arguments,
        };
        let mut audited = false;
        for _ in 0..ATTEMPTS {
            let decided = async {
                let organization = app.organizations.load(call, id.as_str()).await?;
                let loaded = app.subscriptions.load_to_change(call, &subscription).await?;
                let events = decide(app, call, &loaded, &organization, &to).await?;
                Ok::<_, Error>((organization, loaded, events))
            };
            let (mut organization, loaded, events) = match decided.await {
                Ok(decided) => decided,
                Err(refusal) => return or_repeated(app, call, refusal).await,
            };
            if !audited {
                app.audit(call, &audit)?;
                audited = true;
            }
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
    to: &UserId,
) -> Result<Vec<SubscriptionEvent>> {
    let (installed, it) = (app.billing.interpreter(), &subscription.state);
    let standing = standing(app, call, to, organization).await?;
    it.check_transfer(installed, &call.caller.id, to, standing)?;
    let current = &it.provider().ok_or(SubscriptionError::NoProvider)?.state;
    let id = OrganizationId::parse(&organization.id)?;
    let buyer = known_buyer(app, call, to, &id).await?;
    let state = app.billing.transfer(&attempt(subscription), current, &buyer, None).await?;
    Ok(it.transfer(installed, to, None, state)?)
}
