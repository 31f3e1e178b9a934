//! Personal data and secrets at rest: readable as long as the key of their subject exists.

use async_trait::async_trait;

use crate::Result;

/// Something that was sealed.
#[derive(Clone, Copy, Debug)]
pub struct SealedText<'a> {
    /// Whose key it was sealed with.
    pub subject: &'a str,
    /// The place that it was sealed for; it opens only there.
    pub context: &'a str,
    /// What [`Vault::seal`] made.
    pub text: &'a str,
}

/// Encrypts what is personal or secret, with one key for each subject: a person, or a mailbox of
/// which nobody knows whose it is. Destroying the key is erasure.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Encrypts and authenticates with the key of the subject, which is made if there is none.
    ///
    /// # Errors
    /// Unavailable, if the keys can't be reached.
    async fn seal(&self, subject: &str, context: &str, plain: &[u8]) -> Result<String>;
    /// The plain bytes of each, in order; `None` where the key was destroyed, or the text was
    /// changed or moved.
    ///
    /// # Errors
    /// As [`Self::seal`].
    async fn open(&self, sealed: &[SealedText<'_>]) -> Result<Vec<Option<Vec<u8>>>>;
    /// Whether a subject has a key.
    ///
    /// # Errors
    /// As [`Self::seal`].
    async fn has(&self, subject: &str) -> Result<bool>;
    /// Destroys the key of a subject, so that nothing that was sealed with it opens again. Other
    /// hosts forget it within a minute. `false` if there was none.
    ///
    /// # Errors
    /// As [`Self::seal`].
    async fn erase(&self, subject: &str) -> Result<bool>;
    /// The same text for the same value, from which nobody without the master key finds the value:
    /// what claims and events hold instead of personal values that have to be compared.
    fn digest(&self, purpose: &str, value: &str) -> String;
}

/// The key of a subject as it is stored: encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubjectKey {
    /// Whose.
    pub subject: String,
    /// The key, encrypted under the master key.
    pub wrapped: String,
}

/// Where the keys of subjects are.
#[async_trait]
pub trait SubjectKeyStore: Send + Sync {
    /// Those that exist of these subjects.
    ///
    /// # Errors
    /// Unavailable, if the store can't be reached.
    async fn find(&self, subjects: &[&str]) -> Result<Vec<StoredSubjectKey>>;
    /// Keeps a key unless the subject has one; returns the one that counts.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn keep(&self, key: &StoredSubjectKey) -> Result<StoredSubjectKey>;
    /// Destroys a key; `false` if there is none.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn destroy(&self, subject: &str) -> Result<bool>;
}
