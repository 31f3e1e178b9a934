//! Erases a user: for operators of the deployment.

use domain::{end_users::EndUser, kernel::UserId};

use super::guests::about_user;
use crate::{
    App, Call, Committed, Error, Loaded, Result, organizations::parting::do_without,
    repository::ATTEMPTS,
};

/// Makes everything personal of a user unreadable for ever, frees its e-mail address and suspends
/// it. Doing it again finishes what was interrupted.
///
/// # Errors
/// Not found, if there is no such user; a rule violation, if other members of its organizations need
/// it; unavailable.
pub async fn erase(app: &App, call: &Call, id: &UserId) -> Result<()> {
    erase_user(app, call, id, Needed::Stays).await
}

/// As [`erase`], also of somebody whom other members of its organizations need.
///
/// # Errors
/// Not found, if there is no such user; unavailable.
pub async fn erase_although_needed(app: &App, call: &Call, id: &UserId) -> Result<()> {
    erase_user(app, call, id, Needed::Goes).await
}

/// What becomes of a user whom others need.
#[derive(Clone, Copy)]
enum Needed {
    Stays,
    Goes,
}

async fn erase_user(app: &App, call: &Call, id: &UserId, needed: Needed) -> Result<()> {
    let user = forget(app, call, id, needed).await?;
    // Its own key goes last: without it all is done, and the mailboxes may be somebody else's by now.
    if app.vault.has(id.as_str()).await? {
        for mailbox in user.mailboxes() {
            app.vault.erase(&mailbox_subject(mailbox)).await?;
        }
        app.vault.erase(id.as_str()).await?;
    }
    Ok(())
}

/// Whose key encrypts what was sent to an e-mail address.
#[must_use]
pub fn mailbox_subject(digest: &str) -> String {
    format!("mailbox_{digest}")
}

async fn forget(app: &App, call: &Call, id: &UserId, needed: Needed) -> Result<EndUser> {
    for _ in 0..ATTEMPTS {
        let mut user = app.end_users.load(call, id.as_str()).await?;
        if user.state.is_erased() {
            return Ok(user.state);
        }
        let unchanged = match needed {
            Needed::Stays => do_without(app, call, &user).await?,
            Needed::Goes => vec![],
        };
        let mailboxes = mailboxes(app, call, &user).await?;
        let decision = about_user(&user.state, user.state.erase(mailboxes));
        let mut parts = vec![app.end_users.stage(&mut user, decision)?];
        parts.extend(unchanged);
        if let Committed::Done = app.commit(call, parts).await? {
            return Ok(user.state);
        }
    }
    Err(Error::conflict())
}

/// Those of the addresses that it registered with and was invited at, unless somebody else has one of
/// them by now.
async fn mailboxes(app: &App, call: &Call, user: &Loaded<EndUser>) -> Result<Vec<String>> {
    let mut mailboxes = vec![];
    for email in [user.state.username(), user.state.invited_address()].into_iter().flatten() {
        let (owner, guest) = (app.user_of(call, email).await?, app.guest_of(call, email).await?);
        let is_own = owner.into_iter().chain(guest).all(|known| known.id == user.id);
        if is_own && !email.is_empty() {
            mailboxes.push(app.mailbox(email));
        }
    }
    mailboxes.dedup();
    Ok(mailboxes)
}
