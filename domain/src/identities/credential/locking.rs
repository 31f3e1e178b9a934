//! Wrong passwords are counted, and too many of them lock an account for a while.

use serde::{Deserialize, Serialize};
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

/// What wrong passwords have come to, of somebody or at an address that nobody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongPasswords {
    /// How many there were in a row.
    pub in_a_row: u32,
    /// When the last of them came.
    pub last: Option<Timestamp>,
    /// Until when they lock, or locked.
    pub locked_until: Option<Timestamp>,
}

impl WrongPasswords {
    /// A wrong password counts for so long; whoever tries again later counts from one.
    pub const COUNTED: Duration = Duration::days(1);

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
    /// After one more. After a lock, and when the last one counts no more, they count from one again.
    #[must_use]
    pub fn and_another(&self, rules: &LockOut, now: Timestamp) -> Self {
        let counts = self.last.is_some_and(|last| now <= last.plus(Self::COUNTED));
        let before = if counts && self.locked_until.is_none() { self.in_a_row } else { 0 };
        let in_a_row = before.saturating_add(1);
        let locks = in_a_row >= rules.max_failed;
        let locked_until = locks.then(|| now.plus(rules.cool_down));
        Self { in_a_row, last: Some(now), locked_until }
    }
}

impl Credential {
    /// Whether passwords are compared now.
    ///
    /// # Errors
    /// [`CredentialError::Locked`].
    pub fn check_lock(&self, now: Timestamp) -> Result<(), CredentialError> {
        self.wrong_passwords.check_lock(now)
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
        let wrong = if is_right {
            WrongPasswords::default()
        } else {
            self.wrong_passwords.and_another(rules, now)
        };
        let mut events = vec![CredentialEvent::PasswordVerified {
            is_verified: is_right,
            audit_attempt: true,
            failed_attempts: wrong.in_a_row,
            attempted_on: now,
        }];
        if is_right && self.locked_until().is_some() {
            events.push(CredentialEvent::AccountUnlocked { unlocked_on: now });
        }
        events.extend(wrong.locked_until.map(|until| CredentialEvent::AccountLocked { until }));
        Ok(events)
    }
}
