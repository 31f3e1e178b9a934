//! Members come and go, and get roles, as organizations decided.

use domain::{
    end_users::{EndUser, EndUserError, EndUserEvent, Ownership},
    kernel::{Evolve, OrganizationId, UserId, roles::Role},
};
use serde_json::json;

use super::features;
use crate::{
    App, Call, Error, Result,
    end_users::{change_default::record, guests::about_user, membership_id},
    ports::{Audited, StreamId},
    repository::{ATTEMPTS, Committed},
};

/// Makes the creator of an organization a member of it. Where it worked by default before a personal
/// one came, it still does, which is told too.
pub(super) async fn join(
    app: &App,
    call: &Call,
    at: &OrganizationId,
    user: &UserId,
    ownership: Ownership,
) -> Result<()> {
    let join =
        |creator: &EndUser| creator.join_as_creator(membership_id(user, at), at.clone(), ownership);
    let told = |creator: &EndUser, events: &[EndUserEvent]| {
        added(app, call, user, at)?;
        let moves = |event| matches!(event, &EndUserEvent::DefaultMembershipChanged { .. });
        let kept = creator.default_membership().filter(|_| !events.iter().any(moves));
        kept.map_or(Ok(()), |kept| record(app, call, user, creator, &kept.organization))
    };
    change(app, call, user, join, told).await
}

/// Takes a membership away; nothing happens if there is none.
pub(crate) async fn leave(
    app: &App,
    call: &Call,
    at: &OrganizationId,
    user: &UserId,
    by: &UserId,
) -> Result<()> {
    let audited = |_: &EndUser, events: &[EndUserEvent]| {
        events.iter().try_for_each(|event| features::audit(app, call, user, event))
    };
    change(app, call, user, |member| member.leave(at, by), audited).await
}

/// What is done with a role of a member.
pub(super) struct RoleChange {
    /// What it is audited as.
    code: &'static str,
    /// The sentence of the audit: by whom, which role, where, and whose.
    template: &'static str,
    /// Decides.
    decide: fn(&EndUser, &OrganizationId, Role) -> Result<Vec<EndUserEvent>, EndUserError>,
}

/// Gives it.
pub(super) const ASSIGNED: RoleChange = RoleChange {
    code: "EndUser.TenantRolesAssigned",
    template: "User {0} gave the role {1} in organization {2} to user {3}",
    decide: EndUser::assign_tenant_role,
};

/// Takes it.
pub(super) const UNASSIGNED: RoleChange = RoleChange {
    code: "EndUser.TenantRolesUnassigned",
    template: "User {0} took the role {1} in organization {2} from user {3}",
    decide: EndUser::unassign_tenant_role,
};

impl RoleChange {
    /// Changes a role of a member.
    pub async fn run(
        &self,
        app: &App,
        call: &Call,
        at: &OrganizationId,
        user: &UserId,
        role: Role,
        by: &UserId,
    ) -> Result<()> {
        let Self { code, template, decide } = *self;
        let audited = |_: &EndUser, _: &[EndUserEvent]| {
            let arguments = &[by.as_str(), role.name(), at.as_str(), user.as_str()];
            app.audit(call, &Audited { code, against: Some(user), template, arguments })
        };
        change(app, call, user, |member| decide(member, at, role), audited).await
    }
}

/// Tells that somebody is about to become a member.
pub(super) fn added(app: &App, call: &Call, user: &UserId, at: &OrganizationId) -> Result<()> {
    app.usage(
        call,
        "Membership Added",
        &[
            ("ResourceId", json!(membership_id(user, at))),
            ("UserIdOverride", json!(user)),
            ("TenantIdOverride", json!(at)),
        ],
    )
}

/// Whether the cause of this call has changed the user before: a decision that came again must not
/// undo a later one.
pub(super) async fn is_done(app: &App, call: &Call, user: &str) -> Result<bool> {
    let Some(cause) = call.causation.as_deref() else { return Ok(false) };
    let events = app.log.load(&StreamId::new(EndUser::TYPE, user), 0).await?;
    Ok(events.iter().any(|event| event.metadata().causation.as_deref() == Some(cause)))
}

/// Tells that a decision of an organization comes to nothing.
pub(super) fn pointless(call: &Call, user: &UserId, why: &str) {
    let cause = call.causation.as_deref();
    tracing::warn!(user = user.as_str(), cause, why, "an organization decided for nothing");
}

/// Changes a user, and tells of it if anything changes. Nothing happens to who is unknown, or if the
/// rules of users forbid it: the organization can't be told any more.
async fn change(
    app: &App,
    call: &Call,
    user: &UserId,
    decide: impl Fn(&EndUser) -> Result<Vec<EndUserEvent>, EndUserError> + Send + Sync,
    tell: impl Fn(&EndUser, &[EndUserEvent]) -> Result<()> + Send + Sync,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let Some(mut known) = app.end_users.find(call, user.as_str()).await? else {
            pointless(call, user, "the user is unknown");
            return Ok(());
        };
        let events = match decide(&known.state) {
            Ok(events) => events,
            Err(refusal) => {
                pointless(call, user, &refusal.to_string());
                return Ok(());
            }
        };
        if events.is_empty() || is_done(app, call, user.as_str()).await? {
            return Ok(());
        }
        tell(&known.state, &events)?;
        let decision = about_user(&known.state, events);
        let part = app.end_users.stage(&mut known, decision)?;
        if let Committed::Done = app.commit(call, vec![part]).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
}
