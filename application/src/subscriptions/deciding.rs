//! Decisions that a billing provider has a part in. It is asked before anything is appended, and once
//! more if somebody else was faster: see [`Attempt`](crate::ports::Attempt).

use domain::{
    kernel::OrganizationId,
    subscriptions::{ProviderState, Subscription, SubscriptionError, SubscriptionEvent},
};

use super::view::SubscriptionAnswer;
use crate::{App, Call, Error, Loaded, Result, Staged, repository::ATTEMPTS};

/// What was decided.
pub(super) struct Decided {
    pub events: Vec<SubscriptionEvent>,
    /// What has to stay as it was looked at.
    pub unchanged: Vec<Staged>,
}

impl From<Vec<SubscriptionEvent>> for Decided {
    fn from(events: Vec<SubscriptionEvent>) -> Self {
        Self { events, unchanged: vec![] }
    }
}

/// Something that is done with a subscription.
pub(super) trait Decide: Sync {
    /// Judges it, has the provider do it, and tells what that made of the subscription.
    fn decide(
        &self,
        app: &App,
        call: &Call,
        organization: &OrganizationId,
        subscription: &Loaded<Subscription>,
    ) -> impl Future<Output = Result<Decided>> + Send;
}

/// What the provider knows of a subscription that it has.
pub(super) fn known(subscription: &Subscription) -> Result<&ProviderState, SubscriptionError> {
    subscription.provider().map(|own| &own.state).ok_or(SubscriptionError::NoProvider)
}

/// Does something with the subscription of an organization.
pub(super) async fn change(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    what: &impl Decide,
) -> Result<Loaded<Subscription>> {
    for _ in 0..ATTEMPTS {
        match attempt(app, call, organization, what).await {
            Ok(Some(changed)) => return Ok(changed),
            Ok(None) => {}
            Err(refusal) => return repeated(app, call).await?.ok_or(refusal),
        }
    }
    Err(Error::conflict())
}

/// As [`change`], for who asked over HTTP: what comes again is answered as the first time.
pub(super) async fn answer(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    what: &impl Decide,
) -> Result<SubscriptionAnswer> {
    let done = match repeated(app, call).await? {
        Some(done) => done,
        None => change(app, call, organization, what).await?,
    };
    Ok(SubscriptionAnswer::after(app, &done))
}

/// `None` if somebody else was faster.
async fn attempt(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    what: &impl Decide,
) -> Result<Option<Loaded<Subscription>>> {
    let id = organization.twin("billsub");
    let subscription = app.subscriptions.load_to_change(call, &id).await?;
    let Decided { events, unchanged } = what.decide(app, call, organization, &subscription).await?;
    app.subscriptions.append_beside(call, subscription, events, unchanged).await
}

/// What this very call led to, if it was committed before: what it did stands in its own way.
async fn repeated(app: &App, call: &Call) -> Result<Option<Loaded<Subscription>>> {
    let done = app.subscriptions.repeated(call).await?;
    if done.is_some() {
        // What it wanted to have done besides was done with the first.
        call.withdraw();
    }
    Ok(done)
}
