//! Hands a subscription over to another buyer.

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
    buyer::{known_buyer, standing_kept},
    deciding::{Decide, Decided, answer, known},
    view::SubscriptionAnswer,
};
use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{id, parse_all},
    ports::Audited,
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
        let subscription = id.twin("billsub");
        let audit = Audited {
            code: "Subscription.BuyerTransferred",
            against: Some(&call.caller.id),
            template: "User {0} transferred the subscription {1} to user {2}",
            arguments: &[call.caller.id.as_str(), &subscription, to.as_str()],
        };
        app.audit(call, &audit)?;
        answer(app, call, &id, &Transfer { to: &to }).await
    }
}

struct Transfer<'a> {
    to: &'a UserId,
}

impl Decide for Transfer<'_> {
    async fn decide(
        &self,
        app: &App,
        call: &Call,
        organization: &OrganizationId,
        subscription: &Loaded<Subscription>,
    ) -> Result<Decided> {
        let (installed, it) = (app.billing.interpreter(), &subscription.state);
        let (standing, unchanged) = standing_kept(app, call, self.to, organization).await?;
        it.check_transfer(installed, &call.caller.id, self.to, standing)?;
        let buyer = known_buyer(app, call, self.to, organization).await?;
        let attempt = attempt(subscription);
        let state = app.billing.transfer(&attempt, known(it)?, &buyer, None).await?;
        let events = it.transfer(installed, self.to, None, state)?;
        Ok(Decided { events, unchanged: vec![unchanged] })
    }
}
