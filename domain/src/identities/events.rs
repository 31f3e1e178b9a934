//! What happens to password credentials, and to the tokens of a sign-in.

use serde::{Deserialize, Serialize};

use super::{OneTimeToken, PasswordHash, TokenHash};
use crate::kernel::{EmailAddress, Timestamp, UserId};

/// Why a family of tokens ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Revocation {
    /// Whoever holds them asked for it.
    Asked,
    /// A token that was spent came again: somebody else has it, too.
    Reused,
}

crate::events! {
    /// What happens to the password credential of a person. Times are UTC.
    pub enum CredentialEvent in "identities" for "person_credential" {
        /// A person got a password credential; the first event of every one.
        private Created = "created" v 1 {
            user_id: UserId, is_mfa_enabled: bool, mfa_can_be_disabled: bool,
        },
        /// There is a new hash: of the first password, or of the same one with other parameters.
        private CredentialsChanged = "credentials_changed" v 1 { changed_on: Timestamp }
            sealed { password_hash: PasswordHash },
        /// Signs in with this address from now on. `email_digest` is what is claimed for it.
        private RegistrationChanged = "registration_changed" v 1 {
            email_digest: String,
        } sealed { email_address: EmailAddress, name: String },
        /// A token was mailed that confirms the registration until `expires_on`; an earlier one is
        /// void. `token_hash` is claimed.
        private RegistrationVerificationCreated = "registration_verification_created" v 1 {
            token_hash: TokenHash, expires_on: Timestamp,
        } sealed { token: OneTimeToken },
        /// The registration was confirmed; its token is used up.
        private RegistrationVerificationVerified = "registration_verification_verified" v 1 {
            verified_on: Timestamp,
        },
        /// A password was compared. `failed_attempts` counts the wrong ones in a row, this one
        /// included; it is kept as it is when `audit_attempt` is false.
        private PasswordVerified = "password_verified" v 1 {
            is_verified: bool, audit_attempt: bool, failed_attempts: u32,
            attempted_on: Timestamp,
        },
        /// Too many wrong passwords in a row: no password is compared until `until`.
        private AccountLocked = "account_locked" v 1 { until: Timestamp },
        /// Passwords are compared again.
        private AccountUnlocked = "account_unlocked" v 1 { unlocked_on: Timestamp },
        /// A token was mailed that allows a new password until `expires_on`; an earlier one is
        /// void. `token_hash` is claimed.
        private PasswordResetInitiated = "password_reset_initiated" v 1 {
            token_hash: TokenHash, expires_on: Timestamp,
        } sealed { token: OneTimeToken },
        /// There is a new password; the token is used up, and every family of tokens that began
        /// before has ended.
        public PasswordResetCompleted = "password_reset_completed" v 1 {
            token_hash: TokenHash,
        } sealed { password_hash: PasswordHash },
        /// Whoever had it was erased: nobody signs in with it, and its address is free again.
        private Closed = "closed" v 1 { closed_on: Timestamp },
    }
}

crate::events! {
    /// What happens to the tokens of one sign-in. Times are UTC; the tokens themselves are nowhere.
    pub enum TokenEvent in "identities" for "auth_tokens" {
        /// Somebody signed in at `authenticated_on`, which every token of the family tells.
        /// `generation` counts how often the user's password had been reset by then.
        private Created = "created" v 1 {
            user_id: UserId, provider: String, generation: u32, authenticated_on: Timestamp,
        },
        /// The first tokens. `access_token_id` is the access token's `jti`; `refresh_token_hash`
        /// is claimed.
        private TokensChanged = "tokens_changed" v 1 {
            user_id: UserId, access_token_id: String, access_token_expires_on: Timestamp,
            refresh_token_hash: TokenHash, refresh_token_expires_on: Timestamp,
        },
        /// A refresh token was spent for new tokens. If the same one is spent twice, the tokens
        /// that came of it first are void.
        private TokensRefreshed = "tokens_refreshed" v 1 {
            user_id: UserId, spent_token_hash: TokenHash, access_token_id: String,
            access_token_expires_on: Timestamp, refresh_token_hash: TokenHash,
            refresh_token_expires_on: Timestamp, refreshed_on: Timestamp,
        },
        /// No refresh token of the family is good any more.
        public TokensRevoked = "tokens_revoked" v 1 { user_id: UserId, reason: Revocation },
    }
}
