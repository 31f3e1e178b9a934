//! What subscriptions do when something happens to organizations and user profiles.
//!
//! A subscription is completed by whoever comes last: the organization, when the profile of its
//! creator is there, or that profile, when the subscription is there.

use domain::{
    kernel::{OrganizationId, UserId},
    organizations::OrganizationEvent,
    subscriptions::{Provider, SimpleProvider, Subscription},
    user_profiles::UserProfileEvent,
};
use uuid::Uuid;

use crate::{
    App, Call, Committed, Error, Loaded, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
    repository::ATTEMPTS,
};

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "subscriptions",
    area: "Subscriptions",
    handles: &[("organization", "created"), ("user_profile", "created")],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    if event.stream.kind == "user_profile" {
        return profile(app, call, event).await;
    }
    match event.decode::<OrganizationEvent>().map_err(Error::unexpected)? {
        OrganizationEvent::Created { created_by_id, .. } => {
            create(app, call, &OrganizationId::parse(&event.stream.id)?, &created_by_id).await
        }
        _ => Ok(()),
    }
}

async fn create(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    buyer: &UserId,
) -> Result<()> {
    let id = organization.twin("billsub");
    for _ in 0..ATTEMPTS {
        if app.subscriptions.find(call, &id).await?.is_some() {
            return Ok(());
        }
        let profile_id = buyer.twin("profile");
        let profile = app.user_profiles.find(call, &profile_id).await?;
        let provider = profile.as_ref().map(|_| subscribe(&id, buyer));
        let events = Subscription::create(organization, buyer, provider)?;
        let mut parts = vec![app.subscriptions.stage(&mut Loaded::new(id.clone()), events)?];
        if profile.is_none() {
            // It is not written, but must still not be there: what it would find would be nothing.
            parts.push(app.user_profiles.stage(&mut Loaded::new(profile_id), vec![])?);
        }
        match app.commit(call, parts).await? {
            Committed::Done => return Ok(()),
            Committed::Raced => {}
        }
    }
    Err(Error::conflict())
}

async fn profile(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    let UserProfileEvent::Created { user_id, .. } =
        event.decode::<UserProfileEvent>().map_err(Error::unexpected)?
    else {
        return Ok(());
    };
    let id = user_id.twin("billsub");
    if app.subscriptions.find(call, &id).await?.is_none() {
        return Ok(());
    }
    let complete = |it: &Subscription| it.complete(subscribe(&id, &user_id));
    app.subscriptions.change(call, &id, complete).await?;
    Ok(())
}

/// Subscribes at the provider: the same reference every time.
fn subscribe(subscription: &str, buyer: &UserId) -> Provider {
    let number = Uuid::new_v5(&Uuid::NAMESPACE_OID, subscription.as_bytes()).as_u128();
    SimpleProvider::subscribe(buyer, number)
}
