//! Mails another token that allows a new password.

use domain::identities::CredentialError;
use serde::Deserialize;

use super::initiate_reset::initiate;
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    identities::{ATTEMPTS, RESET_TOKEN, random_token},
    input::parse_all,
    use_case::Empty,
};

/// Mails another token that allows a new password, in place of this one, which may have expired
#[derive(Default, Deserialize, utoipa::ToSchema)]
pub struct ResendPasswordReset {
    /// From an earlier e-mail.
    #[schema(required)]
    pub token: Option<String>,
}

impl UseCase for ResendPasswordReset {
    const NAME: &'static str = "credentials.resend_password_reset";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let answered = self.resend(app, call).await;
        app.or_first(call, answered, Empty {}).await
    }
}

impl ResendPasswordReset {
    async fn resend(self, app: &App, call: &Call) -> Result<Empty> {
        let (token,) = parse_all((random_token("token", self.token.as_deref()),))?;
        let token = app.secrets.hash(token);
        for _ in 0..ATTEMPTS {
            let awaiting = app.credential_awaiting(call, RESET_TOKEN, &token).await?;
            let credential = awaiting.ok_or(CredentialError::UnknownToken)?;
            credential.state.check_reset_known(&token)?;
            if initiate(app, call, credential).await? {
                return Ok(Empty {});
            }
        }
        Err(Error::conflict())
    }
}
