//! Members get the features of what their organization has subscribed to.

use domain::{
    end_users::{EndUser, EndUserEvent},
    kernel::{ErrorKind, OrganizationId, UserId, roles::Feature},
    subscriptions::{Subscription, SubscriptionEvent, Tier},
};
use futures_util::future::try_join_all;

use crate::{
    App, Call, Error, Loaded, Result,
    ports::{Audited, Recorded},
    reaction::{Reaction, Start},
    repository::{ATTEMPTS, Committed, Staged},
};

/// Resets the features of all members when a plan was chosen: beside the other reaction, so that what
/// happens to few does not wait until that has happened to thousands.
pub const REACTION: Reaction = Reaction {
    name: "end_users_features",
    area: "EndUsers",
    handles: &[
        ("subscription", "subscription_plan_changed"),
        ("subscription", "subscription_transferred"),
    ],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

/// Users per append at most.
const TOGETHER: usize = 50;
/// Users that are read at once, so that they don't take all connections.
const AT_ONCE: usize = 4;

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    // What was chosen last is given when that is handled.
    let later = app.log.load(&event.stream, event.sequence).await?;
    if later.iter().any(|later| chooses(&later.name)) {
        return Ok(());
    }
    match event.decode::<SubscriptionEvent>().map_err(Error::unexpected)? {
        SubscriptionEvent::SubscriptionPlanChanged { owning_entity_id, .. }
        | SubscriptionEvent::SubscriptionTransferred { owning_entity_id, .. } => {
            reset(app, call, &event.stream.id, &owning_entity_id).await
        }
        _ => Ok(()),
    }
}

fn chooses(event: &str) -> bool {
    REACTION.handles.iter().any(|(_, name)| *name == event)
}

/// Gives every member the features of the plan that was chosen last. There may be thousands, so it
/// takes as many appends as there are fifties of them; whoever begins again skips those who have
/// their features already, so that nobody gets or is told of anything twice.
async fn reset(
    app: &App,
    call: &Call,
    subscription: &str,
    organization: &OrganizationId,
) -> Result<()> {
    let Some(subscription) = alive(app.subscriptions.load(call, subscription).await)? else {
        return Ok(());
    };
    let Some(at) = alive(app.organizations.load(call, organization.as_str()).await)? else {
        return Ok(());
    };
    let Some(tier) = given(app, &subscription.state) else { return Ok(()) };
    let decide = |user: &EndUser| user.reset_features(organization, tier, &call.caller.id);
    let members: Vec<&UserId> = at.state.members().collect();
    for some in members.chunks(TOGETHER) {
        let changed = together(app, call, some, decide).await?;
        call.step(changed);
    }
    Ok(())
}

/// Gives a member that the organization has just learned of the features that the others got when
/// the plan changed last: it may have been joining then. As long as nobody has chosen a plan, it
/// keeps those of new members.
pub(super) async fn catch_up(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    user: &UserId,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let found = app.subscriptions.load(call, &organization.twin("billsub")).await;
        let Some(mut subscription) = alive(found)? else { return Ok(()) };
        let Some(tier) = given(app, &subscription.state) else { return Ok(()) };
        let decide = |member: &EndUser| member.reset_features(organization, tier, &call.caller.id);
        // Another plan that is chosen now is given by who resets all, maybe before this is appended.
        let unchanged = app.subscriptions.stage(&mut subscription, vec![])?;
        if !matches!(attempt(app, call, &[user], decide, vec![unchanged]).await?, Attempt::Raced) {
            return Ok(());
        }
    }
    Err(Error::conflict())
}

/// The tier that all members were given the features of last; canceling alone takes nothing. `None`
/// if they never were, or by another provider than the installed one.
fn given(app: &App, subscription: &Subscription) -> Option<Tier> {
    let installed = app.billing.interpreter();
    let chosen = subscription.chosen().filter(|chosen| chosen.name == installed.name())?;
    Some(installed.details(&chosen.state).plan.tier)
}

/// Changes some users in one append; `false` if that changes nothing.
async fn together(
    app: &App,
    call: &Call,
    users: &[&UserId],
    decide: impl Fn(&EndUser) -> Vec<EndUserEvent> + Send + Sync,
) -> Result<bool> {
    for _ in 0..ATTEMPTS {
        match attempt(app, call, users, &decide, vec![]).await? {
            Attempt::Idle => return Ok(false),
            Attempt::Done => return Ok(true),
            Attempt::Raced => {}
        }
    }
    Err(Error::conflict())
}

/// What became of changing some users.
enum Attempt {
    /// There was nothing to change.
    Idle,
    Done,
    /// Somebody else changed one of them.
    Raced,
}

async fn attempt(
    app: &App,
    call: &Call,
    users: &[&UserId],
    decide: impl Fn(&EndUser) -> Vec<EndUserEvent> + Send + Sync,
    mut parts: Vec<Staged>,
) -> Result<Attempt> {
    let mut known = Vec::with_capacity(users.len());
    for some in users.chunks(AT_ONCE) {
        let found = some.iter().map(|user| app.end_users.find(call, user.as_str()));
        known.extend(try_join_all(found).await?);
    }
    let mut changing = vec![];
    for (user, known) in users.iter().zip(known) {
        let Some(known) = known else { continue };
        let events = decide(&known.state);
        if !events.is_empty() {
            changing.push((user, known, events));
        }
    }
    // A user has a version once, so that of the first of them names the append, also if one cause
    // changes it again.
    let Some((first, known, _)) = changing.first() else { return Ok(Attempt::Idle) };
    let call = call.part(&format!("{first}/{}", known.version));
    for (user, mut known, events) in changing {
        for event in &events {
            audit(app, &call, user, event)?;
        }
        parts.push(app.end_users.stage(&mut known, events)?);
    }
    Ok(match app.commit(&call, parts).await? {
        Committed::Done => Attempt::Done,
        Committed::Raced => Attempt::Raced,
    })
}

/// Audits that a user got other features; nothing else.
pub(super) fn audit(app: &App, call: &Call, user: &UserId, event: &EndUserEvent) -> Result<()> {
    let names = |features: &[Feature]| {
        let names: Vec<&str> = features.iter().map(|feature| feature.name()).collect();
        names.join(", ")
    };
    let audit = |code, template, arguments: &[&str]| {
        app.audit(call, &Audited { code, against: Some(user), template, arguments })
    };
    match event {
        EndUserEvent::PlatformFeaturesReset { features, .. } => audit(
            "EndUser.PlatformFeaturesAssigned",
            "User {0} has the platform features {1}",
            &[user.as_str(), &names(features)],
        ),
        EndUserEvent::MembershipFeaturesReset { features, organization_id, .. } => audit(
            "EndUser.TenantFeaturesAssigned",
            "User {0} has the features {1} in organization {2}",
            &[user.as_str(), &names(features), organization_id.as_str()],
        ),
        _ => Ok(()),
    }
}

/// `None` for what is not there, any more or yet.
fn alive<D>(loaded: Result<Loaded<D>>) -> Result<Option<Loaded<D>>> {
    match loaded {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) => match error.kind() {
            Some(ErrorKind::NotFound | ErrorKind::Deleted) => Ok(None),
            _ => Err(error),
        },
    }
}
