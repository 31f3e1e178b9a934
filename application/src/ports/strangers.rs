//! Addresses that people try to sign in with and nobody has.

use async_trait::async_trait;
use domain::identities::WrongPasswords;

use crate::Result;

/// Counts wrong passwords for addresses that nobody has, so that they lock as an account does: who
/// guesses does not learn from a lock whether there is one. Kept for as long as they count.
#[async_trait]
pub trait Strangers: Send + Sync {
    /// What they have come to for an address, known by its digest.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] with kind `Unavailable` if the answer can't be had now.
    async fn wrong_passwords(&self, digest: &str) -> Result<WrongPasswords>;
    /// Notes what another one made of what they were before. `false` if somebody else did meanwhile.
    ///
    /// # Errors
    /// As [`Self::wrong_passwords`].
    async fn note(
        &self,
        digest: &str,
        before: &WrongPasswords,
        after: &WrongPasswords,
    ) -> Result<bool>;
}
