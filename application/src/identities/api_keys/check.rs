//! Whether an API key is good, and what it allows. What is found here may be remembered for a
//! moment; it is judged anew whenever the key is presented.

use domain::{
    end_users::{Access, EndUser, UserStatus},
    identities::{ApiKey, ApiKeyId, TokenHash},
    kernel::{Timestamp, UserId},
};

use super::token_claim;
use crate::{App, Call, Caller, Result, end_users::caller, identities::HOLDER, ports::Audited};

/// A key that exists, and who has it.
#[derive(Clone, Debug)]
pub struct KnownKey {
    /// Which one.
    pub id: ApiKeyId,
    key: ApiKey,
    holder: Holder,
}

/// Who has a key.
#[derive(Clone, Debug)]
enum Holder {
    /// Nobody who could call.
    Nobody,
    /// Somebody who may not call.
    Suspended(UserId),
    /// Somebody who may do this.
    Known(Caller),
}

/// What was found of a key that was presented.
#[derive(Clone, Copy, Debug)]
pub enum Judged<'a> {
    /// It is no good.
    Refused,
    /// It would be, but this user is suspended.
    Suspended(&'a UserId),
    /// It is good; this is who calls.
    Passed(&'a Caller),
}

impl KnownKey {
    /// Judges the secret that came with it.
    #[must_use]
    pub fn judge(&self, secret: &TokenHash, now: Timestamp) -> Judged<'_> {
        if !self.key.opens(secret, now) {
            return Judged::Refused;
        }
        match &self.holder {
            Holder::Nobody => Judged::Refused,
            Holder::Suspended(user) => Judged::Suspended(user),
            Holder::Known(caller) => Judged::Passed(caller),
        }
    }
    /// How many roles and features it brings: what it takes to remember it.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.holder {
            Holder::Nobody | Holder::Suspended(_) => 0,
            Holder::Known(caller) => caller.roles.len() + caller.features.len(),
        }
    }
}

/// The key that is found by this part of it, and what its user may do now, as the log has them: one
/// read. `None` if there is none.
///
/// # Errors
/// Unavailable.
pub async fn find(app: &App, token: &str) -> Result<Option<KnownKey>> {
    let found = app.api_keys.owner_with(&token_claim(token), HOLDER, &app.end_users).await?;
    let Some((key, known)) = found else { return Ok(None) };
    let Some(user) = key.state.user() else { return Ok(None) };
    let holder = known.map_or(Holder::Nobody, |known| holder(user, &known.state));
    Ok(Some(KnownKey { id: ApiKeyId::parse(&key.id)?, key: key.state, holder }))
}

fn holder(id: &UserId, user: &EndUser) -> Holder {
    match (user.status(), user.access()) {
        (UserStatus::Unregistered, _) => Holder::Nobody,
        (UserStatus::Registered, Access::Suspended) => Holder::Suspended(id.clone()),
        (UserStatus::Registered, Access::Enabled) => Holder::Known(caller(id, user)),
    }
}

/// Audits that somebody who is suspended was refused.
///
/// # Errors
/// Unavailable.
pub async fn audit_suspended(app: &App, user: &UserId) -> Result<()> {
    let call = Call::new(Caller::anonymous(), app.ids.event_id().to_string());
    let audit = Audited {
        code: "Authentication.APIKey.Failed.AccountSuspended",
        against: Some(user),
        template: "User {0} is suspended and was refused",
        arguments: &[user.as_str()],
    };
    app.recorder.audit(&call, audit).await
}
