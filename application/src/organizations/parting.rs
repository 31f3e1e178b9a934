//! Whether organizations can do without somebody who is about to be nobody.

use std::collections::BTreeMap;

use domain::{
    end_users::{Access, EndUser, Ownership, UserStatus},
    kernel::{ErrorKind, OrganizationId, UserId, roles::Role},
    organizations::{Organization, OrganizationError},
};

use super::paying;
use crate::{App, Call, Error, Loaded, Result, Staged};

/// Finds out that the other members of its organizations can do without a user. Returns what that
/// depends on, to be staged beside what is about to happen, so that it is true then, too.
///
/// # Errors
/// A rule violation, if others need the user: it says where, and what to do about it. Unavailable.
pub(crate) async fn do_without(
    app: &App,
    call: &Call,
    user: &Loaded<EndUser>,
) -> Result<Vec<Staged>> {
    let id = UserId::parse(&user.id)?;
    let (mut unchanged, mut others, mut needed) = (vec![], BTreeMap::new(), vec![]);
    let memberships = user.state.memberships().iter();
    for membership in memberships.filter(|known| known.ownership == Ownership::Shared) {
        let at = &membership.organization;
        let Some(mut organization) = alive(app, call, at).await? else { continue };
        let mut subscription = paying::subscription(app, call, at).await?;
        let left = left(app, call, &organization.state, &id).await?;
        let ids = left.keys().cloned().collect::<Vec<_>>();
        let buyer = subscription.as_ref().and_then(|known| known.state.buyer());
        let judged = organization.state.paid_by(buyer).must_do_without(&id, &ids);
        needed.extend(judged.err().map(|why| format!("{at} ({})", advice(why))));
        unchanged.push(app.organizations.stage(&mut organization, vec![])?);
        if let Some(known) = &mut subscription {
            unchanged.push(app.subscriptions.stage(known, vec![])?);
        }
        others.extend(left);
    }
    for other in others.values_mut() {
        unchanged.push(app.end_users.stage(other, vec![])?);
    }
    if needed.is_empty() { Ok(unchanged) } else { Err(refused(&needed)) }
}

/// Other members of an organization who can act for it: an owner if there is one, else anybody. Guests
/// who never registered, and who is suspended, can't.
async fn left(
    app: &App,
    call: &Call,
    organization: &Organization,
    user: &UserId,
) -> Result<BTreeMap<UserId, Loaded<EndUser>>> {
    let roles = |other: &UserId| organization.roles_of(other);
    let owns = |other: &UserId| roles(other).is_some_and(|held| held.has(Role::TenantOwner));
    let mut others: Vec<&UserId> = organization.members().collect();
    others.retain(|other| *other != user && roles(other).is_some());
    others.sort_by_key(|other| !owns(other));
    for other in others {
        let known = app.end_users.find(call, other.as_str()).await?;
        if let Some(known) = known.filter(|known| can_act(&known.state)) {
            return Ok(BTreeMap::from([(other.clone(), known)]));
        }
    }
    Ok(BTreeMap::new())
}

fn can_act(user: &EndUser) -> bool {
    user.status() == UserStatus::Registered && user.access() == Access::Enabled
}

/// `None` once it was deleted.
async fn alive(
    app: &App,
    call: &Call,
    id: &OrganizationId,
) -> Result<Option<Loaded<Organization>>> {
    match app.organizations.find(call, id.as_str()).await {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(None),
        found => found,
    }
}

/// What to do so that an organization can do without the user.
fn advice(why: OrganizationError) -> &'static str {
    match why {
        OrganizationError::SubscriberStays => {
            "which the user pays for: transfer the subscription first"
        }
        _ => "of which the user is the last owner: assign tenant_owner to another member first",
    }
}

fn refused(needed: &[String]) -> Error {
    let at = needed.join(" and ");
    let message = format!("other members need the user in organization {at}");
    Error::refused(ErrorKind::Rule, "user_needed", message)
}
