//! Makes an API key for the caller.

use std::collections::BTreeSet;

use domain::kernel::{Timestamp, UserId, roles::Feature};
use serde::{Deserialize, Serialize};

use super::{draw, expiry, newest_claim};
use crate::{
    App, Call, Committed, Decision, Error, Policy, Result, Staged, UseCase,
    input::{RawDate, parse_all},
    repository::ATTEMPTS,
};

/// Makes an API key for the caller; the ones that it has expire
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKey {
    /// When it ends, UTC, an hour from now at least; never if absent.
    pub expires_on_utc: Option<RawDate>,
}

/// The answer of [`CreateApiKey`]. It has no `Debug`: it is a secret.
#[derive(Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKeyAnswer {
    /// The whole key, 74 characters. Nobody can see it again.
    pub api_key: String,
}

impl UseCase for CreateApiKey {
    const NAME: &'static str = "api_keys.create";
    const POLICY: Policy = Policy::token().with(Feature::PlatformPaidTrial);
    type Output = CreateApiKeyAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<CreateApiKeyAnswer> {
        let now = app.clock.now();
        let (expires_on,) =
            parse_all((expiry("expiresOnUtc", self.expires_on_utc.as_ref(), now),))?;
        let user = &call.caller.id;
        for _ in 0..ATTEMPTS {
            let drawn = draw(app, user, user.as_str(), expires_on, now)?;
            let mut parts = vec![drawn.staged];
            parts.extend(expire_others(app, call, user, now).await?);
            if let Committed::Done = app.commit(call, parts).await? {
                return Ok(CreateApiKeyAnswer { api_key: drawn.text });
            }
        }
        Err(Error::conflict())
    }
}

/// Ends all keys of a user, and lets go of what the next one takes over. The read model may not
/// know of the newest yet.
async fn expire_others(
    app: &App,
    call: &Call,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<Staged>> {
    let newest = newest_claim(user);
    let holder = app.log.owner(&newest).await?.map(|stream| stream.id);
    let known = app.api_key_reads.unexpired(user, now).await?;
    let mut ids: BTreeSet<String> = known.iter().map(ToString::to_string).collect();
    ids.extend(holder.clone());
    let mut staged = vec![];
    for id in ids {
        let Some(mut key) = app.existing_key(call, &id).await? else { continue };
        let release = if holder.as_ref() == Some(&id) { vec![newest.clone()] } else { vec![] };
        let decision = Decision { events: key.state.expire(now), take: vec![], release };
        if !decision.is_empty() {
            staged.push(app.api_keys.stage(&mut key, decision)?);
        }
    }
    Ok(staged)
}
