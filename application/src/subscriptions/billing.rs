//! Makes new subscriptions known to the billing provider.
//!
//! A subscription is completed by whoever comes last: itself, when the profile of its buyer is
//! there, or that profile, when the subscription is there. A provider that is away for everybody is
//! waited for, and keeps nothing but this waiting; what it fails to do for one subscription is set
//! aside as a dead letter, so that those behind it go on.

use domain::{
    kernel::{ErrorKind, OrganizationId, UserId},
    subscriptions::{Subscription, SubscriptionEvent},
    user_profiles::UserProfileEvent,
};

use time::Duration;

use super::{attempt, buyer::buyer, reactions::unless_deleted};
use crate::{
    App, Call, Error, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
};

const NO_PROFILE: &str = "the buyer of a new subscription has no profile yet";
const AWAY: &str = "the billing provider serves nobody now";
const FAILS: &str = "the billing provider serves others, but not this subscription";
/// How long a profile may take to come, which is waited for; then something is wrong.
const PATIENCE: Duration = Duration::minutes(10);
/// How long a provider that serves others may be away for a new subscription, which is waited for.
const AWAY_FOR_ONE: Duration = Duration::minutes(2);

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "subscriptions_billing",
    area: "Subscriptions",
    handles: &[("subscription", "created"), ("user_profile", "created")],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    if event.stream.kind == "user_profile" {
        return profile(app, call, event).await;
    }
    match event.decode::<SubscriptionEvent>().map_err(Error::unexpected)? {
        SubscriptionEvent::Created { owning_entity_id, buyer_id, .. } => {
            let known =
                unless_deleted_or(complete(app, call, event, &owning_entity_id, &buyer_id).await)?;
            // A profile completes the subscription of its user's own organization. That of another
            // one is not found by it, but is not much older than the profile.
            let own = buyer_id.twin("billsub") == event.stream.id;
            if known || own {
                return Ok(());
            }
            Err(if is_within(app, event, PATIENCE) {
                Error::unavailable(NO_PROFILE)
            } else {
                Error::unexpected(NO_PROFILE)
            })
        }
        _ => Ok(()),
    }
}

async fn profile(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    match event.decode::<UserProfileEvent>().map_err(Error::unexpected)? {
        UserProfileEvent::Created { user_id, .. } => {
            let organization = OrganizationId::parse(&user_id.twin("org"))?;
            unless_deleted(complete(app, call, event, &organization, &user_id).await.map(drop))
        }
        _ => Ok(()),
    }
}

fn unless_deleted_or(done: Result<bool>) -> Result<bool> {
    match done {
        Ok(known) => Ok(known),
        Err(error) => unless_deleted(Err(error)).map(|()| true),
    }
}

/// Completes a subscription that is there. `false` if its buyer has no profile so far.
async fn complete(
    app: &App,
    call: &Call,
    event: &Recorded,
    organization: &OrganizationId,
    user: &UserId,
) -> Result<bool> {
    let id = organization.twin("billsub");
    let Some(loaded) = app.subscriptions.find(call, &id).await? else { return Ok(true) };
    if loaded.state.is_complete() {
        return Ok(true);
    }
    let Some(buyer) = buyer(app, call, user, organization).await? else { return Ok(false) };
    let state = match app.billing.subscribe(&attempt(&loaded), &buyer).await {
        Ok(state) => state,
        Err(error) => return Err(judged(app, event, error).await),
    };
    let installed = app.billing.interpreter();
    let complete = |it: &Subscription| it.complete(installed, state.clone());
    app.subscriptions.change(call, &id, complete).await?;
    Ok(true)
}

/// What became of a subscription that could not begin: an outage is waited for, anything else is the
/// event's own failure.
async fn judged(app: &App, event: &Recorded, error: Error) -> Error {
    if !app.billing.is_there().await {
        tracing::warn!(%error, "a new subscription waits for the billing provider");
        return Error::unavailable(AWAY);
    }
    let away = error.kind() == Some(ErrorKind::Unavailable);
    if away && !is_within(app, event, AWAY_FOR_ONE) {
        Error::unexpected(format!("{FAILS}: {error}"))
    } else {
        error
    }
}

/// Whether it happened so lately.
fn is_within(app: &App, event: &Recorded, limit: Duration) -> bool {
    app.clock.now() < event.recorded_at.plus(limit)
}
