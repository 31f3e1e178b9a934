//! Encrypts what is stored but only read back by the product itself.

use application::{Error, Result, ports::Sealer};

use crate::{
    aead::{Aead, NotSealed},
    master_key::MasterKey,
};

/// AES-256-GCM under a key of its own, derived from the master key.
pub struct MasterSealer(Aead);

impl MasterSealer {
    /// Derives the key.
    ///
    /// # Errors
    /// [`NotSealed`] if the cipher can't be set up.
    pub fn new(master: &MasterKey) -> std::result::Result<Self, NotSealed> {
        master.aead("sealed responses v1").map(Self)
    }
}

impl Sealer for MasterSealer {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        self.0.seal(context.as_bytes(), plain).map_err(Error::unexpected)
    }
    fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.0.open(context.as_bytes(), sealed).ok()
    }
}
