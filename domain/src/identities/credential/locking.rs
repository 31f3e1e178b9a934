//! Wrong passwords are counted, and too many of them lock an account for a while.

use time::Duration;

use super::{Credential, CredentialError};
use crate::{identities::CredentialEvent, kernel::Timestamp};

/// When an account is locked, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOut {
    /// The wrong password of this number, counted in a row, locks.
    pub max_failed: u32,
    /// For so long after that attempt.
    pub cool_down: Duration,
}

impl Credential {
    /// Whether passwords are compared now.
    ///
    /// # Errors
    /// [`CredentialError::Locked`].
    pub fn check_lock(&self, now: Timestamp) -> Result<(), CredentialError> {
        match self.locked_until {
            Some(until) if now < until => Err(CredentialError::Locked),
            _ => Ok(()),
        }
    }
    /// Counts a password that was compared.
    ///
    /// # Errors
    /// [`CredentialError::Locked`]: then the attempt counts for nothing.
    pub fn verify_password(
        &self,
        is_right: bool,
        rules: &LockOut,
        now: Timestamp,
    ) -> Result<Vec<CredentialEvent>, CredentialError> {
        self.check_lock(now)?;
        let counted = if self.locked_until.is_some() { 0 } else { self.failed_attempts };
        let failed_attempts = if is_right { 0 } else { counted.saturating_add(1) };
        let mut events = vec![CredentialEvent::PasswordVerified {
            is_verified: is_right,
            audit_attempt: true,
            failed_attempts,
            attempted_on: now,
        }];
        if is_right && self.locked_until.is_some() {
            events.push(CredentialEvent::AccountUnlocked { unlocked_on: now });
        } else if failed_attempts >= rules.max_failed {
            events.push(CredentialEvent::AccountLocked { until: now.plus(rules.cool_down) });
        }
        Ok(events)
    }
}
