//! Making access tokens.

use async_trait::async_trait;
use domain::kernel::{
    Timestamp, UserId,
    roles::{Feature, Role},
};

use crate::{Result, caller::Grant};

/// For whom an access token is.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<'a> {
    /// The user.
    pub user: &'a UserId,
    /// What the user may do, on the platform and within every organization.
    pub roles: &'a [Grant<Role>],
    /// What was paid for, likewise.
    pub features: &'a [Grant<Feature>],
    /// How many events the user had when that was so.
    pub version: u64,
    /// When the user signed in.
    pub authenticated_on: Timestamp,
}

/// A new access token. It has no `Debug`: it is a secret.
pub struct AccessToken {
    /// The token itself.
    pub value: String,
    /// Its `jti`.
    pub id: String,
    /// When it ends, whole seconds.
    pub expires_on: Timestamp,
}

/// Makes access tokens.
pub trait AccessTokens: Send + Sync {
    /// A token that is good from now on.
    ///
    /// # Errors
    /// Unexpected, if it can't be signed.
    fn issue(&self, bearer: &Bearer<'_>) -> Result<AccessToken>;
}

/// Notes of which access tokens were used while they were new: whoever used one did not lose the
/// answer that it came with. They are kept for minutes.
#[async_trait]
pub trait UsedTokens: Send + Sync {
    /// Notes that a token was used, by its `jti`; nothing happens if that is known.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] with kind `Unavailable` if it can't be written.
    async fn note(&self, id: &str) -> Result<()>;
    /// Whether one of these was used, on any host.
    ///
    /// # Errors
    /// As [`Self::note`].
    async fn any(&self, ids: &[String]) -> Result<bool>;
}
