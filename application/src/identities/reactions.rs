//! What identities do when something happens to end users.

use domain::{end_users::EndUserEvent, kernel::UserId};

use super::about_credential;
use crate::{
    App, Call, Committed, Error, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
    repository::ATTEMPTS,
};

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "identities",
    area: "EndUsers",
    handles: &[("end_user", "erased")],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

/// Frees the address of whoever was erased, and forgets when its keys were used.
async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    let EndUserEvent::Erased { .. } = event.decode().map_err(Error::unexpected)? else {
        return Ok(());
    };
    let user = UserId::parse(&event.stream.id)?;
    app.api_key_uses.forget_all(&user).await?;
    for _ in 0..ATTEMPTS {
        let Some(mut credential) = app.credential_by_user(call, &user).await? else {
            return Ok(());
        };
        let events = credential.state.close(app.clock.now());
        if events.is_empty() {
            return Ok(());
        }
        let decision = about_credential(&credential.state, events);
        let part = app.credentials.stage(&mut credential, decision)?;
        if let Committed::Done = app.commit(call, vec![part]).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
}
