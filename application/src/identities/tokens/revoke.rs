//! Ends a session.

use domain::identities::{FamilyError, Revocation};
use serde::Deserialize;

use super::audit_reuse;
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    identities::{ATTEMPTS, about_family, random_token, unauthenticated},
    input::parse_all,
    repository::Committed,
};

/// Ends a session; its access token is good until it expires
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevokeRefreshToken {
    /// The last refresh token of the session.
    #[schema(required)]
    pub refresh_token: Option<String>,
}

impl UseCase for RevokeRefreshToken {
    const NAME: &'static str = "tokens.revoke";
    const POLICY: Policy = Policy::anonymous();
    type Output = ();

    async fn run(self, app: &App, call: &Call) -> Result<()> {
        let answered = self.revoke(app, call).await;
        app.or_first(call, answered, ()).await
    }
}

impl RevokeRefreshToken {
    async fn revoke(self, app: &App, call: &Call) -> Result<()> {
        let (token,) = parse_all((random_token("refreshToken", self.refresh_token.as_deref()),))?;
        let token = app.secrets.hash(token);
        for _ in 0..ATTEMPTS {
            let mut family = app.family_of(call, &token).await?.ok_or_else(unauthenticated)?;
            let id = family.state.user().cloned().ok_or_else(unauthenticated)?;
            let generation = app.generation_of(call, &id).await?;
            let (events, reused) = match family.state.end(&token, generation) {
                Ok(events) => (events, false),
                Err(FamilyError::Reused) => {
                    audit_reuse(app, call, &id)?;
                    (family.state.revoke(Revocation::Reused), true)
                }
                Err(error) => return Err(error.into()),
            };
            let decision = about_family(&family.state, events);
            let parts = vec![app.token_families.stage(&mut family, decision)?];
            let committed = if reused {
                app.commit_refusal(call, parts).await?
            } else {
                app.commit(call, parts).await?
            };
            match committed {
                Committed::Done if reused => return Err(unauthenticated()),
                Committed::Done => return Ok(()),
                Committed::Raced => {}
            }
        }
        Err(Error::conflict())
    }
}
