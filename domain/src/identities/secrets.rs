//! Secrets as events and state have them. None of them shows itself when it is printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password hash in PHC form; empty once whoever had the password was erased.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// As a hasher made it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// For the hasher alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A token that is mailed and used once; empty once whom it was for was erased.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OneTimeToken(String);

impl OneTimeToken {
    /// As it was drawn.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// For whom it is meant.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeToken(…)")
    }
}

/// SHA-256 of a token in base64url: what is kept of tokens that are only compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// As it was computed.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether both are the same, in a time that tells nothing of where they differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let (own, other) = (self.0.as_bytes(), other.0.as_bytes());
        let differing = own.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
        own.len() == other.len() && differing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_printed() {
        let printed =
            format!("{:?} {:?}", PasswordHash::new("secret"), OneTimeToken::new("secret"));
        assert!(!printed.contains("secret"), "{printed}");
    }

    #[test]
    fn only_the_same_hash_matches() {
        let hash = TokenHash::new("abc");
        assert!(hash.matches(&TokenHash::new("abc")));
        for other in ["", "ab", "abd", "abcd", "Abc"] {
            assert!(!hash.matches(&TokenHash::new(other)), "{other}");
        }
    }
}
