//! What nobody can guess.

use std::time::Duration;

use domain::identities::{NewToken, OneTimeToken, TokenHash};

/// Draws secrets, and computes what is kept of them.
pub trait Secrets: Send + Sync {
    /// 256 random bits in base64url, 43 characters.
    fn token(&self) -> String;
    /// A duration from `least` to `most`.
    fn between(&self, least: Duration, most: Duration) -> Duration;
    /// SHA-256 of a token in base64url.
    fn hash(&self, token: &str) -> TokenHash;

    /// A new token with its hash.
    fn one_time_token(&self) -> NewToken {
        let token = self.token();
        NewToken { hash: self.hash(&token), token: OneTimeToken::new(token) }
    }
}
