//! For tests of everything that needs no secrets.

use async_trait::async_trait;

use crate::{
    Result,
    ports::{SealedText, Vault},
};

/// A vault that keeps everything readable.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenVault;

#[async_trait]
impl Vault for OpenVault {
    async fn seal(&self, _subject: &str, _context: &str, plain: &[u8]) -> Result<String> {
        Ok(format!("open {}", String::from_utf8_lossy(plain)))
    }
    async fn open(&self, sealed: &[SealedText<'_>]) -> Result<Vec<Option<Vec<u8>>>> {
        let open =
            |sealed: &SealedText<'_>| Some(sealed.text.strip_prefix("open ")?.as_bytes().to_vec());
        Ok(sealed.iter().map(open).collect())
    }
    async fn erase(&self, _subject: &str) -> Result<bool> {
        Ok(false)
    }
    fn digest(&self, purpose: &str, value: &str) -> String {
        format!("{purpose}-{}", value.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
    }
}
