//! Members are invited, as organizations decided.

use domain::{
    end_users::{EndUser, UserStatus},
    kernel::{EmailAddress, OrganizationId, UserId},
};

use super::members::{added, is_done, pointless};
use crate::{
    App, Call, Error, Loaded, Result,
    end_users::{
        guests::{Inviter, about_user, guest_caused},
        membership_id,
    },
    repository::{ATTEMPTS, Committed},
};

/// Who is to become a member.
pub(super) struct Invited {
    /// Who wants it.
    pub by: UserId,
    /// Somebody who is known.
    pub user: Option<UserId>,
    /// Whoever has the address; empty once that was erased.
    pub email: Option<EmailAddress>,
}

/// Makes somebody a member, and invites whoever has not registered, all in one append.
pub(super) async fn invite(
    app: &App,
    call: &Call,
    at: &OrganizationId,
    invited: &Invited,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let Some(mut user) = find(app, call, invited).await? else { return Ok(()) };
        if user.state.is_erased() || is_done(app, call, &user.id).await? {
            return Ok(());
        }
        let id = UserId::parse(&user.id)?;
        let mut events = guest(app, call, invited, &user).await?;
        let joining = user.state.join_as_member(membership_id(&id, at), at.clone());
        if !joining.is_empty() {
            added(app, call, &id, at)?;
        }
        events.extend(joining);
        if events.is_empty() {
            return Ok(());
        }
        let decision = about_user(&user.state, events);
        let part = app.end_users.stage(&mut user, decision)?;
        if let Committed::Done = app.commit(call, vec![part]).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
}

/// Whoever is invited, or a new guest; `None` if that can't be told.
async fn find(app: &App, call: &Call, invited: &Invited) -> Result<Option<Loaded<EndUser>>> {
    if let Some(user) = &invited.user {
        let known = app.end_users.find(call, user.as_str()).await?;
        if known.is_none() {
            pointless(call, user, "the user is unknown");
        }
        return Ok(known);
    }
    let Some(email) = invited.email.as_ref().filter(|email| !email.is_empty()) else {
        return Ok(None);
    };
    // Who was invited by this very event may have another address now, or none.
    let caused = guest_caused(call);
    if let Some(id) = &caused
        && let Some(known) = app.end_users.find(call, id.as_str()).await?
    {
        return Ok(Some(known));
    }
    if let Some(registered) = app.user_of(call, email).await? {
        return Ok(Some(registered));
    }
    let guest = app.guest_of(call, email).await?;
    let new = || caused.map_or_else(|| app.new_guest(), |id| Loaded::new(id.as_str()));
    Ok(Some(guest.unwrap_or_else(new)))
}

/// The invitation of somebody who has not registered.
async fn guest(
    app: &App,
    call: &Call,
    invited: &Invited,
    user: &Loaded<EndUser>,
) -> Result<Vec<domain::end_users::EndUserEvent>> {
    if user.state.status() == UserStatus::Registered {
        return Ok(vec![]);
    }
    let own = user.state.invitation().map(|known| &known.email);
    let Some(email) = own.or(invited.email.as_ref()) else { return Ok(vec![]) };
    let by = Inviter::load(app, call, &invited.by).await?;
    by.invite(app, call, user, email)
}
