//! The password credential of a person: its rules.

mod locking;
mod refusals;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{CredentialEvent, OneTimeToken, PasswordHash, TokenHash};
use crate::kernel::{Aggregate, EmailAddress, Evolve, OrganizationId, Timestamp, UserId};

pub use locking::{LockOut, WrongPasswords};
pub use refusals::CredentialError;

/// How long a registration can be confirmed.
pub const CONFIRMATION: Duration = Duration::hours(24);
/// How long a password can be reset.
pub const RESET: Duration = Duration::hours(2);

/// A password credential as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    user: Option<UserId>,
    is_mfa_enabled: bool,
    email: EmailAddress,
    email_digest: String,
    name: String,
    password: PasswordHash,
    verification: Verification,
    reset: Option<Pending>,
    resets: u32,
    wrong_passwords: WrongPasswords,
}

/// Whether the registration was confirmed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Verification {
    /// It can't be confirmed yet.
    #[default]
    Verifiable,
    /// A token confirms it.
    Verifying(Pending, OneTimeToken),
    /// It was confirmed.
    Verified,
}

/// A mailed token that was not used yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    hash: TokenHash,
    expires_on: Timestamp,
}

/// A one-time token and its hash, newly drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct NewToken {
    /// What is mailed.
    pub token: OneTimeToken,
    /// What is compared.
    pub hash: TokenHash,
}

/// What a new credential is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCredential {
    /// Whose it is.
    pub user: UserId,
    /// What the person signs in with.
    pub email: EmailAddress,
    /// What is claimed for the address.
    pub email_digest: String,
    /// How the person is addressed.
    pub name: String,
    /// Of the first password.
    pub password: PasswordHash,
    /// Confirms the registration.
    pub verification: NewToken,
}

impl Credential {
    /// The credential of a person who registers.
    #[must_use]
    pub fn register(new: NewCredential, now: Timestamp) -> Vec<CredentialEvent> {
        let NewCredential { user, email, email_digest, name, password, verification } = new;
        vec![
            CredentialEvent::Created {
                user_id: user,
                is_mfa_enabled: false,
                mfa_can_be_disabled: true,
            },
            CredentialEvent::CredentialsChanged { changed_on: now, password_hash: password },
            CredentialEvent::RegistrationChanged { email_digest, email_address: email, name },
            verifying(verification, now),
        ]
    }
    /// Another token confirms the registration from now on.
    ///
    /// # Errors
    /// [`CredentialError::AlreadyVerified`]; [`CredentialError::NotRegistered`].
    pub fn renew_verification(
        &self,
        token: NewToken,
        now: Timestamp,
    ) -> Result<Vec<CredentialEvent>, CredentialError> {
        if self.email.is_empty() {
            return Err(CredentialError::NotRegistered);
        }
        match self.verification {
            Verification::Verified => Err(CredentialError::AlreadyVerified),
            Verification::Verifiable | Verification::Verifying(..) => {
                Ok(vec![verifying(token, now)])
            }
        }
    }
    /// Confirms the registration.
    ///
    /// # Errors
    /// [`CredentialError::UnknownToken`]; [`CredentialError::ExpiredToken`].
    pub fn confirm(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Vec<CredentialEvent>, CredentialError> {
        match &self.verification {
            Verification::Verifying(pending, _) => pending.check(token, now)?,
            Verification::Verifiable | Verification::Verified => {
                return Err(CredentialError::UnknownToken);
            }
        }
        Ok(vec![CredentialEvent::RegistrationVerificationVerified { verified_on: now }])
    }
    /// The same password has another hash from now on; a token that would reset it does no more.
    #[must_use]
    pub fn rehash(&self, password: PasswordHash, now: Timestamp) -> Vec<CredentialEvent> {
        vec![CredentialEvent::CredentialsChanged { changed_on: now, password_hash: password }]
    }
    /// A token allows a new password from now on; an earlier one does no more.
    ///
    /// # Errors
    /// [`CredentialError::NotVerified`]; [`CredentialError::NotRegistered`].
    pub fn initiate_reset(
        &self,
        token: NewToken,
        now: Timestamp,
    ) -> Result<Vec<CredentialEvent>, CredentialError> {
        self.check_verified()?;
        if self.email.is_empty() || self.password.expose().is_empty() {
            return Err(CredentialError::NotRegistered);
        }
        Ok(vec![CredentialEvent::PasswordResetInitiated {
            token_hash: token.hash,
            expires_on: now.plus(RESET),
            token: token.token,
        }])
    }
    /// Whether the token of a reset is known.
    ///
    /// # Errors
    /// [`CredentialError::UnknownToken`].
    pub fn check_reset_known(&self, token: &TokenHash) -> Result<(), CredentialError> {
        match &self.reset {
            Some(pending) if pending.hash.matches(token) => Ok(()),
            _ => Err(CredentialError::UnknownToken),
        }
    }
    /// Whether the token allows a new password now.
    ///
    /// # Errors
    /// [`CredentialError::UnknownToken`]; [`CredentialError::ExpiredToken`].
    pub fn check_reset(&self, token: &TokenHash, now: Timestamp) -> Result<(), CredentialError> {
        let pending = self.reset.as_ref().ok_or(CredentialError::UnknownToken)?;
        pending.check(token, now)
    }
    /// Whether the token may set a new password now: to be asked before anything is compared, as a
    /// token that is no good any more must not tell whether somebody knows the old one.
    ///
    /// # Errors
    /// [`CredentialError::UnknownToken`], [`CredentialError::NotVerified`] or
    /// [`CredentialError::ExpiredToken`], in this order.
    pub fn check_completable(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<(), CredentialError> {
        self.check_reset_known(token)?;
        self.check_verified()?;
        self.check_reset(token, now)
    }
    /// Sets a new password; `is_same` tells that it is the old one. Whoever was locked out is not
    /// any more.
    ///
    /// # Errors
    /// As [`Self::check_completable`], then [`CredentialError::SamePassword`].
    pub fn complete_reset(
        &self,
        token: &TokenHash,
        password: PasswordHash,
        is_same: bool,
        now: Timestamp,
    ) -> Result<Vec<CredentialEvent>, CredentialError> {
        self.check_completable(token, now)?;
        if is_same {
            return Err(CredentialError::SamePassword);
        }
        let mut events = vec![CredentialEvent::PasswordResetCompleted {
            token_hash: token.clone(),
            password_hash: password,
        }];
        if self.locked_until().is_some() {
            events.push(CredentialEvent::AccountUnlocked { unlocked_on: now });
        }
        Ok(events)
    }
    /// Nobody signs in with it any more; nothing happens if it is so already.
    #[must_use]
    pub fn close(&self, now: Timestamp) -> Vec<CredentialEvent> {
        if self.email_digest.is_empty() {
            return vec![];
        }
        vec![CredentialEvent::Closed { closed_on: now }]
    }
    /// Whether the registration was confirmed.
    ///
    /// # Errors
    /// [`CredentialError::NotVerified`].
    pub fn check_verified(&self) -> Result<(), CredentialError> {
        match self.verification {
            Verification::Verified => Ok(()),
            Verification::Verifiable | Verification::Verifying(..) => {
                Err(CredentialError::NotVerified)
            }
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }
    /// What the person signs in with.
    #[must_use]
    pub fn email(&self) -> &EmailAddress {
        &self.email
    }
    /// What is claimed for that.
    #[must_use]
    pub fn email_digest(&self) -> &str {
        &self.email_digest
    }
    /// How the person is addressed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// What a password is compared with.
    #[must_use]
    pub fn password(&self) -> &PasswordHash {
        &self.password
    }
    /// Whether a second factor is asked for.
    #[must_use]
    pub fn is_mfa_enabled(&self) -> bool {
        self.is_mfa_enabled
    }
    /// How often the password was reset: tokens of an earlier generation are no good.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.resets
    }
    /// When the last lock ends, as long as nobody was let in or counted since.
    #[must_use]
    pub fn locked_until(&self) -> Option<Timestamp> {
        self.wrong_passwords.locked_until
    }
    /// The token that confirms the registration, while there is one.
    #[must_use]
    pub fn verification_token(&self) -> Option<&OneTimeToken> {
        match &self.verification {
            Verification::Verifying(_, token) => Some(token),
            Verification::Verifiable | Verification::Verified => None,
        }
    }
    /// What is claimed for that token.
    #[must_use]
    pub fn verification_hash(&self) -> Option<&TokenHash> {
        match &self.verification {
            Verification::Verifying(pending, _) => Some(&pending.hash),
            Verification::Verifiable | Verification::Verified => None,
        }
    }
    /// What is claimed for the token of a reset, while there is one.
    #[must_use]
    pub fn reset_hash(&self) -> Option<&TokenHash> {
        self.reset.as_ref().map(|pending| &pending.hash)
    }
}

impl Pending {
    fn check(&self, token: &TokenHash, now: Timestamp) -> Result<(), CredentialError> {
        if !self.hash.matches(token) {
            Err(CredentialError::UnknownToken)
        } else if now >= self.expires_on {
            Err(CredentialError::ExpiredToken)
        } else {
            Ok(())
        }
    }
}

fn verifying(token: NewToken, now: Timestamp) -> CredentialEvent {
    CredentialEvent::RegistrationVerificationCreated {
        token_hash: token.hash,
        expires_on: now.plus(CONFIRMATION),
        token: token.token,
    }
}

impl Evolve for Credential {
    const TYPE: &'static str = "person_credential";
    type Event = CredentialEvent;

    fn evolve(&mut self, event: &CredentialEvent) {
        match event {
            CredentialEvent::Created { user_id, is_mfa_enabled, .. } => {
                self.user = Some(user_id.clone());
                self.is_mfa_enabled = *is_mfa_enabled;
            }
            CredentialEvent::CredentialsChanged { password_hash, .. } => {
                self.password = password_hash.clone();
                // Whoever has it hashed anew has just proven to know it.
                self.reset = None;
            }
            CredentialEvent::RegistrationChanged { email_digest, email_address, name } => {
                self.email_digest.clone_from(email_digest);
                self.email = email_address.clone();
                self.name.clone_from(name);
            }
            CredentialEvent::RegistrationVerificationCreated { token_hash, expires_on, token } => {
                let pending = Pending { hash: token_hash.clone(), expires_on: *expires_on };
                self.verification = Verification::Verifying(pending, token.clone());
            }
            CredentialEvent::RegistrationVerificationVerified { .. } => {
                self.verification = Verification::Verified;
            }
            CredentialEvent::PasswordVerified {
                audit_attempt,
                failed_attempts,
                attempted_on,
                ..
            } => {
                if *audit_attempt {
                    // Nothing is counted while it is locked, so that the lock has run out.
                    self.wrong_passwords = WrongPasswords {
                        in_a_row: *failed_attempts,
                        last: Some(*attempted_on),
                        locked_until: None,
                    };
                }
            }
            CredentialEvent::AccountLocked { until } => {
                self.wrong_passwords.locked_until = Some(*until);
            }
            CredentialEvent::AccountUnlocked { .. } => {
                self.wrong_passwords = WrongPasswords::default();
            }
            CredentialEvent::PasswordResetInitiated { token_hash, expires_on, .. } => {
                self.reset = Some(Pending { hash: token_hash.clone(), expires_on: *expires_on });
            }
            CredentialEvent::PasswordResetCompleted { password_hash, .. } => {
                self.password = password_hash.clone();
                self.reset = None;
                self.resets += 1;
            }
            CredentialEvent::Closed { .. } => {
                *self = Self { user: self.user.take(), resets: self.resets + 1, ..Self::default() };
            }
        }
    }
}

impl Aggregate for Credential {
    const STATE_VERSION: u32 = 4;

    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }

    fn is_deleted(&self) -> bool {
        false
    }

    fn subject(&self, _id: &str) -> Option<String> {
        self.user.as_ref().map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests;
