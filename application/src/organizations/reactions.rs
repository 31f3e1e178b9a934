//! What organizations do when something happens to end users and subscriptions.

use std::convert::Infallible;

use domain::{
    end_users::{EndUserEvent, RegisteredProfile},
    kernel::{ErrorKind, OrganizationId, PersonName, UserId},
    organizations::{NewOrganization, Organization, OrganizationEvent},
    subscriptions::{SubscriptionEvent, SubscriptionId},
};

use super::{CREATED, record, settings};
use crate::{
    App, Call, Committed, Error, Loaded, Result,
    end_users::reactions::leave,
    ports::Recorded,
    reaction::{Reaction, Start},
    repository::ATTEMPTS,
};

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "organizations",
    area: "Organizations",
    handles: &[
        ("end_user", "registered"),
        ("end_user", "membership_added"),
        ("end_user", "membership_removed"),
        ("subscription", "created"),
        ("subscription", "subscription_transferred"),
    ],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    if event.stream.kind == "subscription" {
        return subscription(app, call, event).await;
    }
    let user = UserId::parse(&event.stream.id)?;
    match event.decode::<EndUserEvent>().map_err(Error::unexpected)? {
        EndUserEvent::Registered { user_profile, .. } => {
            found_personal(app, call, &user, user_profile).await
        }
        EndUserEvent::MembershipAdded { organization_id, .. } => {
            joined(app, call, &organization_id, &user).await
        }
        EndUserEvent::MembershipRemoved { organization_id, .. } => {
            left(app, call, &organization_id, &user).await
        }
        _ => Ok(()),
    }
}

async fn subscription(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    match event.decode::<SubscriptionEvent>().map_err(Error::unexpected)? {
        SubscriptionEvent::Created { owning_entity_id, buyer_id, provider_name: _ } => {
            let id = SubscriptionId::parse(&event.stream.id)?;
            change(app, call, &owning_entity_id, |it| it.subscribe(&id, &buyer_id)).await
        }
        SubscriptionEvent::SubscriptionTransferred {
            owning_entity_id,
            from_buyer_id,
            to_buyer_id,
            ..
        } => {
            let transfer = |it: &Organization| it.transfer(&from_buyer_id, &to_buyer_id);
            change(app, call, &owning_entity_id, transfer).await
        }
        _ => Ok(()),
    }
}

/// Notes a member that still is one; that it left again is told later. Whoever joined while the
/// organization was being deleted, which did not know of it, leaves what is gone.
async fn joined(app: &App, call: &Call, id: &OrganizationId, user: &UserId) -> Result<()> {
    if !is_member(app, call, id, user).await? {
        return Ok(());
    }
    let add = |it: &Organization| Ok::<_, Infallible>(it.add_member(user));
    match app.organizations.change(call, id.as_str(), add).await {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => {
            leave(app, call, id, user, &call.caller.id).await
        }
        changed => changed.map(|_| ()),
    }
}

/// Notes that a member left. Whoever is a member again and was not un-invited came back before this
/// was told once more.
async fn left(app: &App, call: &Call, id: &OrganizationId, user: &UserId) -> Result<()> {
    let is_member = is_member(app, call, id, user).await?;
    let remove = |it: &Organization| {
        if is_member && !it.is_leaving(user) { vec![] } else { it.remove_member(user) }
    };
    change(app, call, id, remove).await
}

async fn is_member(app: &App, call: &Call, id: &OrganizationId, user: &UserId) -> Result<bool> {
    let known = app.end_users.load(call, user.as_str()).await?;
    Ok(known.state.membership(id).is_some())
}

/// Nothing happens to what is gone for good.
async fn change(
    app: &App,
    call: &Call,
    id: &OrganizationId,
    decide: impl Fn(&Organization) -> Vec<OrganizationEvent> + Send + Sync,
) -> Result<()> {
    let decide = |it: &Organization| Ok::<_, Infallible>(decide(it));
    match app.organizations.change(call, id.as_str(), decide).await {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(()),
        changed => changed.map(|_| ()),
    }
}

async fn found_personal(
    app: &App,
    call: &Call,
    user: &UserId,
    profile: RegisteredProfile,
) -> Result<()> {
    let id = user.twin("org");
    for _ in 0..ATTEMPTS {
        if app.organizations.find(call, &id).await?.is_some() {
            return Ok(());
        }
        let mut known = app.end_users.load(call, user.as_str()).await?;
        // It is not named after somebody who was erased meanwhile.
        let name = if known.state.is_erased() {
            PersonName::stored(String::new(), None)
        } else {
            PersonName::stored(profile.first_name.clone(), profile.last_name.clone())
        };
        let new = NewOrganization::personal(user, &name, &app.region)
            .with_settings(settings::initial(app, &id).await?);
        let events = Organization::create(new);
        let mut organization = Loaded::new(id.clone());
        record(app, call, CREATED, &organization, &events)?;
        let organization = app.organizations.stage(&mut organization, events)?;
        // The user is not written, but must still be who it was.
        let parts = vec![organization, app.end_users.stage(&mut known, vec![])?];
        if let Committed::Done = app.commit(call, parts).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
}
