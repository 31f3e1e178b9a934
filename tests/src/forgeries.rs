//! Proofs that must not be accepted.

use std::sync::Arc;

use adapters::{
    key_ring::KeyRing, secret::Secret, signatures::Signatures, signing_keys::SigningKey,
    testing::SeededIds, tokens::Tokens,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use time::Duration;

use crate::{Person, TestApp, people::token};

impl TestApp {
    /// As the person's own token, but signed with somebody else's key.
    #[must_use]
    pub fn forged_token(&self, person: &Person) -> String {
        let key = SigningKey::generate().expect("a key can be made");
        let ids = Arc::new(SeededIds::new(3, self.clock.clone()));
        // The issuer of a host without settings.
        let issuer = "http://127.0.0.1:5001".to_owned();
        let keys = Arc::new(KeyRing::of(key, self.clock.clone()));
        let tokens = Tokens::new(keys, issuer, Duration::ZERO, self.clock.clone(), ids);
        token(&tokens, &person.user, &person.grants, self.now(), Duration::hours(1))
    }

    /// A token whose time was over an hour ago.
    #[must_use]
    pub fn expired_token(&self, person: &Person) -> String {
        self.token(&person.user, &person.grants, -Duration::hours(1))
    }

    /// A token that begins in an hour.
    #[must_use]
    pub fn token_for_later(&self, person: &Person) -> String {
        self.clock.advance(Duration::hours(1));
        let later = self.token(&person.user, &person.grants, Duration::hours(1));
        self.clock.advance(-Duration::hours(1));
        later
    }

    /// The first part of a token.
    #[must_use]
    pub fn token_head(&self, header: &Value) -> String {
        URL_SAFE_NO_PAD.encode(header.to_string())
    }

    /// A signature with a secret that this deployment does not know.
    #[must_use]
    pub fn another_deployments_signature(&self, body: &[u8]) -> String {
        Signatures::new(&Secret::new("another secret")).sign(body)
    }
}
