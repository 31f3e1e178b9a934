//! Authenticated encryption: AES-256-GCM with a random nonce in front of the ciphertext.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// The key material does not fit, or the text was not sealed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed text was made with another key, for another purpose, or changed")]
pub struct NotSealed;

/// A key for sealing and opening.
pub(crate) struct Aead(RandomizedNonceKey);

impl Aead {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, NotSealed> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(|_| NotSealed)
    }
    /// Nonce, ciphertext and tag. `aad` must be the same when it is opened.
    pub(crate) fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, NotSealed> {
        let mut text = plain.to_vec();
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(aad), &mut text).map_err(|_| NotSealed)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotSealed> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(NotSealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotSealed)?;
        let mut text = text.to_vec();
        let plain =
            self.0.open_in_place(nonce, Aad::from(aad), &mut text).map_err(|_| NotSealed)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_it_sealed_for_the_same_purpose() {
        let aead = Aead::new(&[7; 32]).unwrap();
        let sealed = aead.seal(b"a", b"hello").unwrap();
        assert_eq!(aead.open(b"a", &sealed).unwrap(), b"hello");
        assert_eq!(aead.open(b"b", &sealed), Err(NotSealed));
        assert_eq!(Aead::new(&[8; 32]).unwrap().open(b"a", &sealed), Err(NotSealed));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(aead.open(b"a", &changed), Err(NotSealed), "byte {at}");
            assert_eq!(aead.open(b"a", &sealed[..at]), Err(NotSealed), "cut at {at}");
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let aead = Aead::new(&[7; 32]).unwrap();
        assert_ne!(aead.seal(b"", b"x").unwrap(), aead.seal(b"", b"x").unwrap());
    }
}
