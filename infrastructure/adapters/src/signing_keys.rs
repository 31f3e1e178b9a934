//! RSA keys that sign access tokens.

use application::ports::StoredSigningKey;
use aws_lc_rs::{
    digest,
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::DecodingKey;

use crate::aead::Aead;

/// Why there are no signing keys.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The master key is another one than when the key was made.
    #[error("signing key '{0}' can't be opened: it was made under another master key")]
    OtherMasterKey(String),
    /// The cryptographic library refused.
    #[error("signing keys can't be made or used: {0}")]
    Crypto(&'static str),
    /// Somebody else made one at the same moment.
    #[error("another key was made at the same moment")]
    Raced,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] application::Error),
}

/// One key: signs and verifies.
pub struct SigningKey {
    kid: String,
    pair: KeyPair,
    verifier: DecodingKey,
}

impl SigningKey {
    /// Makes a new RSA key of 2048 bits; takes some 100 ms.
    ///
    /// # Errors
    /// If the library fails.
    pub fn generate() -> Result<Self, SigningKeyError> {
        KeyPair::generate(KeySize::Rsa2048)
            .map(Self::new)
            .map_err(|_| SigningKeyError::Crypto("RSA key generation failed"))
    }
    fn new(pair: KeyPair) -> Self {
        let public = pair.public_key().as_ref();
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, public));
        Self { kid, verifier: DecodingKey::from_rsa_der(public), pair }
    }
    /// The id that tokens name it by: a digest of the public key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
    /// What checks its signatures.
    #[must_use]
    pub fn verifier(&self) -> &DecodingKey {
        &self.verifier
    }
    /// RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3).
    ///
    /// # Errors
    /// If the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningKeyError::Crypto("RSA signing failed"))?;
        Ok(signature)
    }
    pub(crate) fn wrap(&self, under: &Aead) -> Result<String, SigningKeyError> {
        let failed = SigningKeyError::Crypto("the private key can't be wrapped");
        let Ok(private) = self.pair.as_der() else { return Err(failed) };
        let wrapped = under.seal(self.kid.as_bytes(), private.as_ref()).map_err(|_| failed)?;
        Ok(STANDARD.encode(wrapped))
    }
    pub(crate) fn unwrap(stored: &StoredSigningKey, under: &Aead) -> Result<Self, SigningKeyError> {
        let other = || SigningKeyError::OtherMasterKey(stored.kid.clone());
        let wrapped = STANDARD.decode(&stored.wrapped).map_err(|_| other())?;
        let private = under.open(stored.kid.as_bytes(), &wrapped).map_err(|_| other())?;
        let pair = KeyPair::from_pkcs8(&private).map_err(|_| other())?;
        Some(Self::new(pair)).filter(|key| key.kid == stored.kid).ok_or_else(other)
    }
}
