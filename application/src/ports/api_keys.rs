//! When API keys were used.

use async_trait::async_trait;
use domain::{
    identities::ApiKeyId,
    kernel::{Timestamp, UserId},
};

use crate::Result;

/// A key that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyUse {
    /// Which one.
    pub key: ApiKeyId,
    /// Whose it is.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// Notes of when keys were used, to the minute.
#[async_trait]
pub trait ApiKeyUses: Send + Sync {
    /// Notes uses, of each key once a minute. Those of which nobody was told for a while, by any
    /// host of the deployment, are returned: the caller tells of them.
    ///
    /// # Errors
    /// Unavailable, if they can't be written.
    async fn note(&self, uses: Vec<ApiKeyUse>) -> Result<Vec<ApiKeyUse>>;
    /// Forgets when a key was used that is no more.
    ///
    /// # Errors
    /// As [`Self::note`].
    async fn forget(&self, key: &ApiKeyId) -> Result<()>;
    /// Forgets when the keys of somebody were used who was erased.
    ///
    /// # Errors
    /// As [`Self::note`].
    async fn forget_all(&self, user: &UserId) -> Result<()>;
}
