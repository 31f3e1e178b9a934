//! Identities: passwords, and the tokens of sign-ins.

use application::identities::{
    credentials::{
        authenticate::AuthenticateCredential, complete_reset::CompletePasswordReset,
        confirm::ConfirmPersonRegistration, initiate_reset::InitiatePasswordReset,
        register::RegisterPersonCredential,
        renew_confirmation::RenewPersonRegistrationConfirmation, resend_reset::ResendPasswordReset,
        verify_reset::VerifyPasswordReset,
    },
    me::GetIdentity,
    tokens::{refresh::RefreshToken, revoke::RevokeRefreshToken},
};

use crate::http::route::{Route, delete, get, post};

/// Everything about identities.
pub const ROUTES: &[Route] = &[
    get::<GetIdentity>("/users/me"),
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
