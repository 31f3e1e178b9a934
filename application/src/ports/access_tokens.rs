//! Making access tokens.

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
