//! Confirms a registration.

use domain::identities::CredentialError;
use serde::Deserialize;
use serde_json::json;

use crate::{
    App, Call, Error, Policy, Result, UseCase,
    identities::{ATTEMPTS, REGISTRATION_TOKEN, about_credential, random_token},
    input::parse_all,
    repository::Committed,
    use_case::Empty,
};

/// Confirms a registration with the token that was mailed
#[derive(Default, Deserialize, utoipa::ToSchema)]
pub struct ConfirmPersonRegistration {
    /// From the e-mail; good for a day, and once.
    #[schema(required)]
    pub token: Option<String>,
}

impl UseCase for ConfirmPersonRegistration {
    const NAME: &'static str = "credentials.confirm_registration";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let answered = self.confirm(app, call).await;
        app.or_first(call, answered, Empty {}).await
    }
}

impl ConfirmPersonRegistration {
    async fn confirm(self, app: &App, call: &Call) -> Result<Empty> {
        let (token,) = parse_all((random_token("token", self.token.as_deref()),))?;
        let token = app.secrets.hash(token);
        for _ in 0..ATTEMPTS {
            let awaiting = app.credential_awaiting(call, REGISTRATION_TOKEN, &token).await?;
            let mut credential = awaiting.ok_or(CredentialError::UnknownToken)?;
            let events = credential.state.confirm(&token, app.clock.now())?;
            app.usage(call, "User Registered", &[("ResourceId", json!(credential.state.user()))])?;
            let decision = about_credential(&credential.state, events);
            let part = app.credentials.stage(&mut credential, decision)?;
            if let Committed::Done = app.commit(call, vec![part]).await? {
                return Ok(Empty {});
            }
        }
        Err(Error::conflict())
    }
}
