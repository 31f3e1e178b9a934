//! Tells whether a token allows a new password.

use domain::identities::CredentialError;
use serde::Deserialize;

use crate::{
    App, Call, Policy, Result, UseCase,
    identities::{RESET_TOKEN, random_token},
    input::parse_all,
    use_case::Empty,
};

/// Tells whether a token allows a new password; changes nothing
#[derive(Default, Deserialize, utoipa::ToSchema)]
pub struct VerifyPasswordReset {
    /// From the e-mail; good for two hours, and once.
    #[schema(required)]
    pub token: Option<String>,
}

impl UseCase for VerifyPasswordReset {
    const NAME: &'static str = "credentials.verify_password_reset";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let (token,) = parse_all((random_token("token", self.token.as_deref()),))?;
        let token = app.secrets.hash(token);
        let awaiting = app.credential_awaiting(call, RESET_TOKEN, &token).await?;
        let credential = awaiting.ok_or(CredentialError::UnknownToken)?;
        credential.state.check_reset(&token, app.clock.now())?;
        Ok(Empty {})
    }
}
