//! RSA keys that sign access tokens.

use application::ports::{Clock, SigningKeyStore, StoredSigningKey};
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

use crate::{aead::Aead, master_key::MasterKey};

/// Why there are no signing keys.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The master key is another one than when the key was made.
    #[error("signing key '{0}' can't be opened: it was made under another master key")]
    OtherMasterKey(String),
    /// The cryptographic library refused.
    #[error("signing keys can't be made or used: {0}")]
    Crypto(&'static str),
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
    fn wrap(&self, under: &Aead) -> Result<String, SigningKeyError> {
        let failed = SigningKeyError::Crypto("the private key can't be wrapped");
        let Ok(private) = self.pair.as_der() else { return Err(failed) };
        let wrapped = under.seal(self.kid.as_bytes(), private.as_ref()).map_err(|_| failed)?;
        Ok(STANDARD.encode(wrapped))
    }
    fn unwrap(stored: &StoredSigningKey, under: &Aead) -> Result<Self, SigningKeyError> {
        let other = || SigningKeyError::OtherMasterKey(stored.kid.clone());
        let wrapped = STANDARD.decode(&stored.wrapped).map_err(|_| other())?;
        let private = under.open(stored.kid.as_bytes(), &wrapped).map_err(|_| other())?;
        let pair = KeyPair::from_pkcs8(&private).map_err(|_| other())?;
        Some(Self::new(pair)).filter(|key| key.kid == stored.kid).ok_or_else(other)
    }
}

/// All keys of a deployment. Never empty.
pub struct KeyRing {
    newest: SigningKey,
    older: Vec<SigningKey>,
}

impl KeyRing {
    /// A ring of one key.
    #[must_use]
    pub fn of(key: SigningKey) -> Self {
        Self { newest: key, older: vec![] }
    }
    /// Opens the stored keys, and makes the first one if there is none.
    ///
    /// # Errors
    /// [`SigningKeyError`] if they can't be read or were made under another master key.
    pub async fn open(
        store: &dyn SigningKeyStore,
        master: &MasterKey,
        clock: &dyn Clock,
    ) -> Result<Self, SigningKeyError> {
        let under =
            master.aead("signing keys v1").map_err(|_| SigningKeyError::Crypto("no cipher"))?;
        let mut stored = store.all().await?;
        if stored.is_empty() {
            let key = SigningKey::generate()?;
            let first = StoredSigningKey {
                number: 1,
                kid: key.kid.clone(),
                wrapped: key.wrap(&under)?,
                created_at: clock.now(),
            };
            store.add(&first).await?;
            stored = store.all().await?;
        }
        let mut keys = stored
            .iter()
            .map(|stored| SigningKey::unwrap(stored, &under))
            .collect::<Result<Vec<_>, _>>()?;
        let newest = keys.pop().ok_or(SigningKeyError::Crypto("the first key was not kept"))?;
        Ok(Self { newest, older: keys })
    }
    /// The one that signs.
    #[must_use]
    pub fn newest(&self) -> &SigningKey {
        &self.newest
    }
    /// The one that a token names.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        std::iter::once(&self.newest).chain(&self.older).find(|key| key.kid == kid)
    }
}
