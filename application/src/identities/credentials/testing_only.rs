//! The token of a confirmation, for tests that read no e-mail.

use domain::{identities::CredentialError, kernel::UserId};
use serde::{Deserialize, Serialize};

use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Fetches the token that confirms a registration
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetRegistrationConfirmation {
    /// Who registered.
    #[schema(required)]
    pub user_id: Option<String>,
}

/// The answer of [`GetRegistrationConfirmation`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RegistrationConfirmation {
    /// What was mailed.
    pub token: String,
}

impl UseCase for GetRegistrationConfirmation {
    const NAME: &'static str = "testing_only.registration_confirmation";
    const POLICY: Policy = Policy::anonymous();
    type Output = RegistrationConfirmation;

    async fn run(self, app: &App, call: &Call) -> Result<RegistrationConfirmation> {
        let (user,) = parse_all((id("userId", self.user_id.as_deref(), UserId::parse),))?;
        let credential = app.credential_by_user(call, &user).await?.ok_or_else(Error::not_found)?;
        let token = credential.state.verification_token();
        let token = token.ok_or(CredentialError::AlreadyVerified)?.expose().to_owned();
        Ok(RegistrationConfirmation { token })
    }
}
