//! Tells callers how they can prove who they are.

use domain::kernel::{ErrorKind, roles::Feature};
use serde::{Deserialize, Serialize};

use super::is_registered_person;
use crate::{App, Call, Error, Policy, Result, UseCase};

/// Fetches the identity of the caller
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetIdentity {}

/// How somebody can prove who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// `user_…`
    pub id: String,
    /// Whether there is a password.
    pub has_credentials: bool,
    /// Whether a second factor is asked for.
    pub is_mfa_enabled: bool,
}

/// The answer of [`GetIdentity`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IdentityAnswer {
    /// Of the caller.
    pub identity: Identity,
}

impl UseCase for GetIdentity {
    const NAME: &'static str = "identities.me";
    const POLICY: Policy = Policy::token().with(Feature::PlatformPaidTrial);
    type Output = IdentityAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<IdentityAnswer> {
        let user = &call.caller.id;
        let credential = app.credential_by_user(call, user).await?;
        if credential.is_some() {
            let user = app.end_users.load(call, user.as_str()).await?;
            if !is_registered_person(&user.state) {
                let detail = "the user is not a person";
                return Err(Error::refused(ErrorKind::Precondition, "not_a_person", detail));
            }
        }
        let identity = Identity {
            id: user.to_string(),
            has_credentials: credential.is_some(),
            is_mfa_enabled: credential.is_some_and(|known| known.state.is_mfa_enabled()),
        };
        Ok(IdentityAnswer { identity })
    }
}
