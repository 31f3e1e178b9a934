//! Hashing passwords, which is slow on purpose.

use async_trait::async_trait;
use domain::identities::{Password, PasswordHash};

use crate::Result;

/// What a password was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another one.
    Wrong,
    /// The one; its hash was made with the parameters of today.
    Right,
    /// The one; its hash should be made anew.
    Outdated,
}

impl Verdict {
    /// Whether it is the one.
    #[must_use]
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

/// Hashes and compares passwords, beside requests and after them.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// A new hash.
    ///
    /// # Errors
    /// Unavailable, if too many wait already.
    async fn hash(&self, password: &Password) -> Result<PasswordHash>;
    /// Compares a password. Without a hash to compare with, none is right, which takes as long.
    ///
    /// # Errors
    /// As [`Self::hash`].
    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<Verdict>;
}

/// Judges how hard a password is to guess.
pub trait PasswordStrength: Send + Sync {
    /// Whether it is too easy for somebody who knows these texts about the person.
    fn is_guessable(&self, password: &Password, about: &[&str]) -> bool;
}
