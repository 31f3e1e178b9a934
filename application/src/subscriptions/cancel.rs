//! Cancels a subscription.

use domain::{
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    subscriptions::SubscriptionError,
};
use serde::Deserialize;

use super::{attempt, or_repeated, view::SubscriptionAnswer};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{id, parse_all},
    ports::Ending,
    repository::ATTEMPTS,
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
        cancel(app, call, self.id.as_deref(), by, Ending::EndOfTerm).await
    }
}

impl UseCase for ForceCancelSubscription {
    const NAME: &'static str = "subscriptions.force_cancel";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    type Output = SubscriptionAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<SubscriptionAnswer> {
        cancel(app, call, self.id.as_deref(), None, Ending::Immediately).await
    }
}

async fn cancel(
    app: &App,
    call: &Call,
    organization: Option<&str>,
    by: Option<&UserId>,
    ending: Ending,
) -> Result<SubscriptionAnswer> {
    let (id,) = parse_all((id("id", organization, OrganizationId::parse),))?;
    if let Some(done) = app.subscriptions.repeated(call).await? {
        return Ok(SubscriptionAnswer::after(app, &done));
    }
    let installed = app.billing.interpreter();
    for _ in 0..ATTEMPTS {
        let decided = async {
            let loaded = app.subscriptions.load_to_change(call, &id.twin("billsub")).await?;
            let it = &loaded.state;
            it.check_cancel(installed, by)?;
            let current = &it.provider().ok_or(SubscriptionError::NoProvider)?.state;
            let state = app.billing.cancel(&attempt(&loaded), current, ending).await?;
            let events = it.cancel(installed, state)?;
            Ok::<_, Error>((loaded, events))
        };
        let (loaded, events) = match decided.await {
            Ok(decided) => decided,
            Err(refusal) => return or_repeated(app, call, refusal).await,
        };
        if let Some(changed) = app.subscriptions.append_to(call, loaded, events).await? {
            return Ok(SubscriptionAnswer::after(app, &changed));
        }
    }
    Err(Error::conflict())
}
