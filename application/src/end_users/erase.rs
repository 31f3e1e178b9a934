//! Erases a user: for operators of the deployment.

use domain::{end_users::EndUser, kernel::UserId};

use super::email_claim;
use crate::{App, Call, Committed, Decision, Error, Result, repository::ATTEMPTS};

/// Makes everything personal of a user unreadable for ever, frees its e-mail address and suspends
/// it. Doing it again finishes what was interrupted.
///
/// # Errors
/// Not found, if there is no such user; unavailable.
pub async fn erase(app: &App, call: &Call, id: &UserId) -> Result<()> {
    let user = forget(app, call, id).await?;
    app.vault.erase(id.as_str()).await?;
    for mailbox in user.mailboxes() {
        app.vault.erase(&mailbox_subject(mailbox)).await?;
    }
    Ok(())
}

/// Whose key encrypts what was sent to an e-mail address.
#[must_use]
pub fn mailbox_subject(digest: &str) -> String {
    format!("mailbox_{digest}")
}

async fn forget(app: &App, call: &Call, id: &UserId) -> Result<EndUser> {
    for _ in 0..ATTEMPTS {
        let mut user = app.end_users.load(call, id.as_str()).await?;
        if user.state.is_erased() {
            return Ok(user.state);
        }
        let email = user.state.username().filter(|email| !email.is_empty());
        let mailboxes = email.map(|email| app.vault.digest("mailbox", email.as_str()));
        let release = user.state.email_digest().map(email_claim).into_iter().collect();
        let events = user.state.erase(mailboxes.into_iter().collect());
        let decision = Decision { events, take: vec![], release };
        let staged = app.end_users.stage(&mut user, decision)?;
        if let Committed::Done = app.commit(call, vec![staged]).await? {
            return Ok(user.state);
        }
    }
    Err(Error::conflict())
}
