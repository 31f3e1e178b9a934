//! The one key that a deployment keeps outside its databases.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    aead::{Aead, NotSealed},
    secret::Secret,
};

/// 256 random bits, from which a key for each purpose is derived (HKDF-SHA256, RFC 5869).
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// The text is not a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes in base64, 44 characters (`openssl rand -base64 32` makes one)")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// Reads 32 bytes in base64.
    ///
    /// # Errors
    /// [`InvalidMasterKey`] for anything else.
    pub fn parse(text: &Secret) -> Result<Self, InvalidMasterKey> {
        let bytes = STANDARD.decode(text.expose().trim()).map_err(|_| InvalidMasterKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidMasterKey)
    }
    /// The cipher for one purpose; the name of a purpose is permanent.
    pub(crate) fn aead(&self, purpose: &str) -> Result<Aead, NotSealed> {
        Aead::new(&self.derived(purpose)?)
    }
    /// The key for one purpose.
    pub(crate) fn derived(&self, purpose: &str) -> Result<[u8; 32], NotSealed> {
        let root = Salt::new(HKDF_SHA256, b"groundwork").extract(&self.0);
        let info = [purpose.as_bytes()];
        let mut key = [0; 32];
        root.expand(&info, HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| NotSealed)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_its_own_key() {
        let master = MasterKey([1; 32]);
        let sealed = master.aead("a").unwrap().seal(b"", b"text").unwrap();
        assert_eq!(master.aead("a").unwrap().open(b"", &sealed).unwrap(), b"text");
        assert!(master.aead("b").unwrap().open(b"", &sealed).is_err());
    }

    #[test]
    fn only_32_bytes_are_a_key() {
        for text in ["", "asecret", "AAAA", &"A".repeat(60), "not base64 at all, but long enough!!"]
        {
            assert!(MasterKey::parse(&Secret::new(text)).is_err(), "{text}");
        }
        assert!(MasterKey::parse(&Secret::new(STANDARD.encode([9; 32]))).is_ok());
    }
}
