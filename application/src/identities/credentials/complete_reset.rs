//! Sets a new password.

use domain::identities::CredentialError;
use serde::Deserialize;
use serde_json::json;

use super::{check_strength, password};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    identities::{ATTEMPTS, RESET_TOKEN, about_credential, random_token},
    input::parse_all,
    repository::Committed,
    use_case::Empty,
};

/// Sets a new password with the token that was mailed; every session of the person ends
#[derive(Default, Deserialize, utoipa::ToSchema)]
pub struct CompletePasswordReset {
    /// From the e-mail; good for two hours, and once.
    #[schema(required)]
    pub token: Option<String>,
    /// Another one than before. 8 to 200 characters, of three kinds: digits, lower case, upper
    /// case, punctuation.
    #[schema(required)]
    pub password: Option<String>,
}

impl UseCase for CompletePasswordReset {
    const NAME: &'static str = "credentials.complete_password_reset";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let answered = self.complete(app, call).await;
        app.or_first(call, answered, Empty {}).await
    }
}

impl CompletePasswordReset {
    async fn complete(self, app: &App, call: &Call) -> Result<Empty> {
        let (token, password) = parse_all((
            random_token("token", self.token.as_deref()),
            password(self.password.as_deref()),
        ))?;
        let token = app.secrets.hash(token);
        for _ in 0..ATTEMPTS {
            let awaiting = app.credential_awaiting(call, RESET_TOKEN, &token).await?;
            let mut credential = awaiting.ok_or(CredentialError::UnknownToken)?;
            // Neither hashing nor comparing is for whoever guesses tokens or finds an old one.
            credential.state.check_completable(&token, app.clock.now())?;
            let about = [credential.state.email().as_str(), credential.state.name()];
            check_strength(app, &password, &about)?;
            let old = credential.state.password();
            let is_same = app.passwords.verify(&password, Some(old)).await?.is_right();
            let hash = app.passwords.hash(&password).await?;
            let now = app.clock.now();
            let events = credential.state.complete_reset(&token, hash, is_same, now)?;
            app.usage(
                call,
                "User Password Reset",
                &[("ResourceId", json!(credential.state.user()))],
            )?;
            let decision = about_credential(&credential.state, events);
            let part = app.credentials.stage(&mut credential, decision)?;
            if let Committed::Done = app.commit(call, vec![part]).await? {
                return Ok(Empty {});
            }
        }
        Err(Error::conflict())
    }
}
