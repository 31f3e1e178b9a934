//! Encrypts what is stored but only read back by the product itself.

pub use crate::aead::NotSealed;
use crate::{aead::Aead, master_key::MasterKey};

/// Encrypts and authenticates (AES-256-GCM) under a key of its own.
pub struct MasterSealer(Aead);

impl MasterSealer {
    /// Derives its key from the master key.
    ///
    /// # Errors
    /// [`NotSealed`] if the cipher can't be set up.
    pub fn new(master: &MasterKey) -> Result<Self, NotSealed> {
        master.aead("sealed responses v1").map(Self)
    }
    /// Encrypts. `context` must be the same when it is opened, so that sealed bytes can't be moved
    /// to another place.
    ///
    /// # Errors
    /// [`NotSealed`] if the cipher fails.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, NotSealed> {
        self.0.seal(context.as_bytes(), plain)
    }
    /// Decrypts.
    ///
    /// # Errors
    /// [`NotSealed`] if the bytes were changed, moved or made under another key.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, NotSealed> {
        self.0.open(context.as_bytes(), sealed)
    }
}
