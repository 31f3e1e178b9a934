//! Members get the features of what their organization has subscribed to.

use domain::{
    end_users::{EndUser, EndUserEvent},
    kernel::{ErrorKind, Evolve, OrganizationId, UserId, roles::Feature},
    subscriptions::{Subscription, SubscriptionEvent, Tier},
};

use crate::{
    App, Call, Error, Loaded, Result,
    ports::{Audited, StreamId},
    repository::{ATTEMPTS, Committed},
    subscriptions::tier,
};

/// Users per append at most.
const TOGETHER: usize = 50;

/// Gives every member the features of the tier that the subscription has now. There may be thousands,
/// so it takes as many appends as there are fifties of them; whoever begins again skips those who
/// have their features already, so that nobody gets or is told of anything twice.
pub(super) async fn reset(
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
    let tier = tier(app, &subscription.state);
    let members: Vec<UserId> = at.state.members().cloned().collect();
    for members in members.chunks(TOGETHER) {
        let decide = |user: &EndUser| user.reset_features(organization, tier, &call.caller.id);
        together(app, call, members, decide).await?;
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
    let Some(tier) = given(app, organization).await? else { return Ok(()) };
    let decide = |member: &EndUser| member.reset_features(organization, tier, &call.caller.id);
    together(app, call, std::slice::from_ref(user), decide).await
}

/// The tier that all members were given the features of last; canceling alone takes nothing. `None`
/// if they never were, or by another provider than the installed one.
async fn given(app: &App, organization: &OrganizationId) -> Result<Option<Tier>> {
    let installed = app.billing.interpreter();
    let stream = StreamId::new(Subscription::TYPE, organization.twin("billsub"));
    for event in app.sealed_log.load(&stream, 0).await?.iter().rev() {
        match event.decode::<SubscriptionEvent>().map_err(Error::unexpected)? {
            SubscriptionEvent::SubscriptionPlanChanged {
                provider_name, provider_state, ..
            }
            | SubscriptionEvent::SubscriptionTransferred {
                provider_name, provider_state, ..
            } => {
                let own = provider_name == installed.name();
                return Ok(own.then(|| installed.details(&provider_state).plan.tier));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Changes some users in one append.
async fn together(
    app: &App,
    call: &Call,
    users: &[UserId],
    decide: impl Fn(&EndUser) -> Vec<EndUserEvent> + Send + Sync,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let mut changing = vec![];
        for user in users {
            let Some(known) = app.end_users.find(call, user.as_str()).await? else { continue };
            let events = decide(&known.state);
            if !events.is_empty() {
                changing.push((user, known, events));
            }
        }
        // A user has a version once, so that of the first of them names the append, also if one cause
        // changes it again.
        let Some((first, known, _)) = changing.first() else { return Ok(()) };
        let call = call.part(&format!("{first}/{}", known.version));
        let mut parts = vec![];
        for (user, mut known, events) in changing {
            for event in &events {
                audit(app, &call, user, event)?;
            }
            parts.push(app.end_users.stage(&mut known, events)?);
        }
        if let Committed::Done = app.commit(&call, parts).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
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
