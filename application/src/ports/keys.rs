//! Where the keys of the deployment are kept.

use async_trait::async_trait;
use domain::kernel::Timestamp;

use crate::Result;

/// A key that signs access tokens, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSigningKey {
    /// Counts from 1, in the order in which they were made.
    pub number: u32,
    /// The id that tokens name it by.
    pub kid: String,
    /// The private part, encrypted under the master key, in base64.
    pub wrapped: String,
    /// When it was made, UTC.
    pub created_at: Timestamp,
}

/// Keeps signing keys.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// All of them, in order of their numbers.
    ///
    /// # Errors
    /// Unavailable, if the store can't be read.
    async fn all(&self) -> Result<Vec<StoredSigningKey>>;
    /// Keeps a key unless another one has its number already: of several processes that start at
    /// once, one wins, and all read the same keys afterwards.
    ///
    /// # Errors
    /// Unavailable, if the store can't be written.
    async fn add(&self, key: &StoredSigningKey) -> Result<()>;
    /// Forgets the key with this number.
    ///
    /// # Errors
    /// As [`Self::add`].
    async fn remove(&self, number: u32) -> Result<()>;
}
