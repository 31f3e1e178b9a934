//! What organizations do when something happens to end users and subscriptions.

use std::convert::Infallible;

use domain::{
    end_users::{EndUserEvent, Ownership, RegisteredProfile},
    kernel::{OrganizationId, PersonName, UserId},
    organizations::{NewOrganization, Organization, OrganizationEvent},
    subscriptions::{SubscriptionEvent, SubscriptionId},
};
use serde_json::json;

use crate::{
    App, Call, Committed, Error, Loaded, Result,
    end_users::ownership_name,
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
        ("subscription", "created"),
    ],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    if event.stream.kind == "subscription" {
        return subscription(app, call, event).await;
    }
    match event.decode::<EndUserEvent>().map_err(Error::unexpected)? {
        EndUserEvent::Registered { user_profile, .. } => {
            found_personal(app, call, &UserId::parse(&event.stream.id)?, user_profile).await
        }
        EndUserEvent::MembershipAdded { organization_id, .. } => {
            let user = UserId::parse(&event.stream.id)?;
            change(app, call, &organization_id, |it| it.add_member(&user)).await
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
        _ => Ok(()),
    }
}

async fn change(
    app: &App,
    call: &Call,
    id: &OrganizationId,
    decide: impl Fn(&Organization) -> Vec<OrganizationEvent> + Send + Sync,
) -> Result<()> {
    let decide = |it: &Organization| Ok::<_, Infallible>(decide(it));
    app.organizations.change(call, id.as_str(), decide).await?;
    Ok(())
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
        let new = NewOrganization::personal(user, &name, &app.region);
        record(app, call, &id, user, &new)?;
        let organization =
            app.organizations.stage(&mut Loaded::new(id.clone()), Organization::create(new))?;
        // The user is not written, but must still be who it was.
        let parts = vec![organization, app.end_users.stage(&mut known, vec![])?];
        if let Committed::Done = app.commit(call, parts).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
}

fn record(
    app: &App,
    call: &Call,
    id: &str,
    user: &UserId,
    organization: &NewOrganization,
) -> Result<()> {
    app.usage(
        call,
        "Organization Created",
        &[
            ("ResourceId", json!(id)),
            ("Name", json!(organization.name)),
            ("Ownership", json!(ownership_name(Ownership::Personal))),
            ("CreateBy", json!(user)),
            ("UserIdOverride", json!(user)),
        ],
    )
}
