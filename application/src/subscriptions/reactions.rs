//! What subscriptions do when something happens to organizations. No provider is asked here, so
//! that none can hold it up: see [`super::billing`].

use domain::{
    kernel::{ErrorKind, OrganizationId, UserId},
    organizations::OrganizationEvent,
    subscriptions::Subscription,
};

use crate::{
    App, Call, Error, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
};

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "subscriptions",
    area: "Subscriptions",
    handles: &[("organization", "created"), ("organization", "deleted")],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    let organization = OrganizationId::parse(&event.stream.id)?;
    match event.decode::<OrganizationEvent>().map_err(Error::unexpected)? {
        OrganizationEvent::Created { created_by_id, .. } => {
            unless_deleted(create(app, call, &organization, &created_by_id).await)
        }
        OrganizationEvent::Deleted { deleted_by_id } => {
            unless_deleted(delete(app, call, &organization, &deleted_by_id).await)
        }
        _ => Ok(()),
    }
}

/// What comes again after the end does nothing.
pub(super) fn unless_deleted(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(()),
        other => other,
    }
}

async fn create(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    buyer: &UserId,
) -> Result<()> {
    let id = organization.twin("billsub");
    if app.subscriptions.find(call, &id).await?.is_none() {
        let events = Subscription::create(organization, buyer, app.billing.interpreter());
        app.subscriptions.create(call, &id, events).await?;
    }
    Ok(())
}

/// The provider is not told: an organization is deleted only while its subscription can end at any
/// time. A trial that still runs there has to be ended there: see docs/operations.md.
async fn delete(app: &App, call: &Call, organization: &OrganizationId, by: &UserId) -> Result<()> {
    let delete = |it: &Subscription| it.delete(by, organization);
    app.subscriptions.change(call, &organization.twin("billsub"), delete).await?;
    Ok(())
}
