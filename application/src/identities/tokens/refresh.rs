//! Spends a refresh token for new tokens.

use domain::{
    end_users::Classification,
    identities::{FamilyError, Revocation},
    kernel::UserId,
};
use serde::Deserialize;
use serde_json::json;

use super::{AuthenticateAnswer, audit_reuse, issue};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    identities::{ATTEMPTS, about_family, check_access, random_token, unauthenticated},
    input::parse_all,
    ports::Audited,
    repository::Committed,
};

/// Spends a refresh token for new tokens. One that is spent again ends the session
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshToken {
    /// The last one of the session.
    #[schema(required)]
    pub refresh_token: Option<String>,
}

impl UseCase for RefreshToken {
    const NAME: &'static str = "tokens.refresh";
    const POLICY: Policy = Policy::anonymous();
    type Output = AuthenticateAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<AuthenticateAnswer> {
        let (token,) = parse_all((random_token("refreshToken", self.refresh_token.as_deref()),))?;
        let token = app.secrets.hash(token);
        for _ in 0..ATTEMPTS {
            let mut family = app.family_of(call, &token).await?.ok_or_else(unauthenticated)?;
            let id = family.state.user().cloned().ok_or_else(unauthenticated)?;
            let user = app.end_users.load(call, id.as_str()).await?;
            if user.state.classification() != Classification::Person {
                return Err(unauthenticated());
            }
            let code = "Authentication.Any.Refreshed.Failed.AccountSuspended";
            check_access(app, call, &user, code).await?;
            let now = app.clock.now();
            let signed_in = family.state.authenticated_on().unwrap_or(now);
            let (tokens, issued) = issue(app, &user, signed_in)?;
            let generation = app.generation_of(call, &id).await?;
            // Asked only about a token that was just spent.
            let arrived = app.used_tokens.any(family.state.answers_to(&token)).await?;
            let grace = (!arrived).then_some(app.sign_in.grace);
            let (events, outcome) =
                match family.state.refresh(&token, generation, issued, grace, now) {
                    Ok(events) => {
                        record(app, call, &id)?;
                        (events, Ok(AuthenticateAnswer { tokens }))
                    }
                    Err(FamilyError::Reused) => {
                        audit_reuse(app, call, &id)?;
                        (family.state.revoke(Revocation::Reused), Err(unauthenticated()))
                    }
                    Err(error) => return Err(error.into()),
                };
            let decision = about_family(&family.state, events);
            let part = app.token_families.stage(&mut family, decision)?;
            if let Committed::Done = app.commit(call, vec![part]).await? {
                return outcome;
            }
        }
        Err(Error::conflict())
    }
}

fn record(app: &App, call: &Call, id: &UserId) -> Result<()> {
    let audit = Audited {
        code: "Authentication.Any.Refreshed.Passed",
        against: Some(id),
        template: "User {0} went on with new tokens",
        arguments: &[id.as_str()],
    };
    app.audit(call, &audit)?;
    let properties = [("AuthProvider", json!("credentials")), ("UserIdOverride", json!(id))];
    app.usage(call, "User Extended Login", &properties)
}
