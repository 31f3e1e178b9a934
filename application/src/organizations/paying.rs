//! Decisions about an organization that depend on who pays for it. The organization learns that from
//! its subscription, so that what it knows may be outdated.

use domain::{
    kernel::{ErrorKind, OrganizationId},
    organizations::{Organization, OrganizationError, OrganizationEvent},
    subscriptions::Subscription,
};

use crate::{App, Call, Error, Loaded, Result, repository::ATTEMPTS};

/// What an organization does, or why not.
type Decided = Result<Vec<OrganizationEvent>, OrganizationError>;
/// Decides by an organization and its subscription, if there is one so far.
type Decide<'a> = dyn Fn(&Organization, Option<&Subscription>) -> Decided + Send + Sync + 'a;

/// As [`Repository::change`](crate::Repository::change), with a decision that holds only as long as
/// the subscription stays what it is.
///
/// # Errors
/// As those of [`Repository::change`](crate::Repository::change).
pub(super) async fn change(
    app: &App,
    call: &Call,
    id: &OrganizationId,
    decide: &Decide<'_>,
) -> Result<Loaded<Organization>> {
    for _ in 0..ATTEMPTS {
        match attempt(app, call, id, decide).await {
            Ok(Some(changed)) => return Ok(changed),
            Ok(None) => {}
            // What this very call did before may be why it is refused now.
            Err(error) => return app.organizations.repeated(call).await?.ok_or(error),
        }
    }
    Err(Error::conflict())
}

/// `None` if somebody else was faster.
async fn attempt(
    app: &App,
    call: &Call,
    id: &OrganizationId,
    decide: &Decide<'_>,
) -> Result<Option<Loaded<Organization>>> {
    let mut subscription = subscription(app, call, id).await?;
    let organization = app.organizations.load_to_change(call, id.as_str()).await?;
    let events = decide(&organization.state, subscription.as_ref().map(|known| &known.state))?;
    let mut unchanged = vec![];
    if let Some(known) = &mut subscription {
        unchanged.push(app.subscriptions.stage(known, vec![])?);
    }
    app.organizations.append_beside(call, organization, events, unchanged).await
}

/// None yet, or none any more once the organization is gone.
pub(super) async fn subscription(
    app: &App,
    call: &Call,
    id: &OrganizationId,
) -> Result<Option<Loaded<Subscription>>> {
    match app.subscriptions.find(call, &id.twin("billsub")).await {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(None),
        found => found,
    }
}
