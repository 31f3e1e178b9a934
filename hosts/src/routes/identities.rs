//! Identities: passwords, the tokens of sign-ins, API keys and machines.

use application::identities::{
    api_keys::{
        create::CreateApiKey, delete::DeleteApiKey, revoke::RevokeApiKey, search::SearchApiKeys,
    },
    credentials::{
        authenticate::AuthenticateCredential, complete_reset::CompletePasswordReset,
        confirm::ConfirmPersonRegistration, initiate_reset::InitiatePasswordReset,
        register::RegisterPersonCredential,
        renew_confirmation::RenewPersonRegistrationConfirmation, resend_reset::ResendPasswordReset,
        verify_reset::VerifyPasswordReset,
    },
    machines::register::RegisterMachine,
    me::GetIdentity,
    tokens::{refresh::RefreshToken, revoke::RevokeRefreshToken},
};

use crate::http::route::{Route, delete, get, post};

/// Everything about identities.
pub const ROUTES: &[Route] = &[
    get::<GetIdentity>("/users/me"),
    post::<CreateApiKey>("/apikeys").secret(),
    get::<SearchApiKeys>("/apikeys"),
    delete::<DeleteApiKey>("/apikeys/{id}"),
    delete::<RevokeApiKey>("/apikeys/{id}/revoke"),
    post::<RegisterMachine>("/machines/register").secret().guarded(),
    post::<RefreshToken>("/tokens/refresh").secret().guarded(),
    delete::<RevokeRefreshToken>("/tokens/{refreshToken}").guarded(),
    post::<AuthenticateCredential>("/credentials/auth").secret().guarded(),
    post::<RegisterPersonCredential>("/credentials/register").guarded(),
    post::<ConfirmPersonRegistration>("/credentials/confirm-registration").guarded(),
    post::<RenewPersonRegistrationConfirmation>("/credentials/confirm-registration/renew")
        .guarded(),
    post::<InitiatePasswordReset>("/credentials/reset").guarded(),
    post::<ResendPasswordReset>("/credentials/{token}/reset/resend").guarded(),
    get::<VerifyPasswordReset>("/credentials/{token}/reset/verify").guarded(),
    post::<CompletePasswordReset>("/credentials/{token}/reset/complete").guarded(),
    #[cfg(feature = "testing-only")]
    get::<application::identities::credentials::testing_only::GetRegistrationConfirmation>(
        "/credentials/confirm-registration",
    ),
];
