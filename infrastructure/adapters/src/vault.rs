//! Seals what is personal or secret, with a key for each subject (AES-256-GCM), themselves
//! encrypted under a key derived from the master key.

use std::{collections::HashMap, sync::Arc, time::Duration};

use application::{
    Error, Result,
    ports::{SealedText, StoredSubjectKey, SubjectKeyStore, Vault},
};
use async_trait::async_trait;
use aws_lc_rs::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use moka::sync::Cache;

use crate::{
    aead::{Aead, NotSealed},
    master_key::MasterKey,
};

/// How many keys are remembered.
const REMEMBERED: u64 = 50_000;
/// How long a key is remembered, and so how long an erasure may take to reach every host.
const MEMORY: Duration = Duration::from_mins(1);

/// The vault of a deployment.
pub struct KeyVault {
    store: Arc<dyn SubjectKeyStore>,
    under: Aead,
    digests: hmac::Key,
    keys: Cache<String, Arc<Aead>>,
}

impl KeyVault {
    /// Over the stored keys.
    ///
    /// # Errors
    /// [`NotSealed`] if the cipher can't be set up.
    pub fn new(
        store: Arc<dyn SubjectKeyStore>,
        master: &MasterKey,
    ) -> std::result::Result<Self, NotSealed> {
        Ok(Self {
            store,
            under: master.aead("subject keys v1")?,
            digests: hmac::Key::new(hmac::HMAC_SHA256, &master.derived("digests v1")?),
            keys: Cache::builder().max_capacity(REMEMBERED).time_to_live(MEMORY).build(),
        })
    }

    /// The keys of these subjects, those that exist.
    async fn find(&self, subjects: &[&str]) -> Result<HashMap<String, Arc<Aead>>> {
        let mut found = HashMap::new();
        let mut missing = vec![];
        for subject in subjects {
            match self.keys.get(*subject) {
                Some(key) => {
                    found.insert((*subject).to_owned(), key);
                }
                None if missing.contains(subject) => {}
                None => missing.push(*subject),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        for stored in self.store.find(&missing).await? {
            let key = self.unwrap(&stored)?;
            self.keys.insert(stored.subject.clone(), key.clone());
            found.insert(stored.subject, key);
        }
        Ok(found)
    }

    async fn make(&self, subject: &str) -> Result<Arc<Aead>> {
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).map_err(|_| Error::unexpected("no random bytes"))?;
        let wrapped = self.under.seal(subject.as_bytes(), &key).map_err(Error::unexpected)?;
        let made =
            StoredSubjectKey { subject: subject.to_owned(), wrapped: STANDARD.encode(wrapped) };
        // Another host may have been faster: its key counts.
        let key = self.unwrap(&self.store.keep(&made).await?)?;
        self.keys.insert(subject.to_owned(), key.clone());
        Ok(key)
    }

    fn unwrap(&self, stored: &StoredSubjectKey) -> Result<Arc<Aead>> {
        let other = || {
            Error::unexpected(
                "the key of a subject can't be opened: it was made under another master key",
            )
        };
        let wrapped = STANDARD.decode(&stored.wrapped).map_err(|_| other())?;
        let key = self.under.open(stored.subject.as_bytes(), &wrapped).map_err(|_| other())?;
        let key: [u8; 32] = key.try_into().map_err(|_| other())?;
        Aead::new(&key).map(Arc::new).map_err(Error::unexpected)
    }
}

fn open(keys: &HashMap<String, Arc<Aead>>, sealed: &SealedText<'_>) -> Option<Vec<u8>> {
    let key = keys.get(sealed.subject)?;
    let text = STANDARD.decode(sealed.text).ok()?;
    key.open(sealed.context.as_bytes(), &text).ok()
}

#[async_trait]
impl Vault for KeyVault {
    async fn seal(&self, subject: &str, context: &str, plain: &[u8]) -> Result<String> {
        // Not with a key that is only remembered: another host may have destroyed it, and then
        // nobody could ever read this.
        let key = match self.store.find(&[subject]).await?.pop() {
            Some(stored) => {
                let key = self.unwrap(&stored)?;
                self.keys.insert(stored.subject, key.clone());
                key
            }
            None => self.make(subject).await?,
        };
        let sealed = key.seal(context.as_bytes(), plain).map_err(Error::unexpected)?;
        Ok(STANDARD.encode(sealed))
    }

    async fn open(&self, sealed: &[SealedText<'_>]) -> Result<Vec<Option<Vec<u8>>>> {
        let subjects: Vec<&str> = sealed.iter().map(|sealed| sealed.subject).collect();
        let keys = self.find(&subjects).await?;
        let mut opened: Vec<_> = sealed.iter().map(|sealed| open(&keys, sealed)).collect();
        // Whose key was destroyed by another host, and made anew since, is still remembered here.
        let known = |sealed: &SealedText<'_>| keys.contains_key(sealed.subject);
        let failed: Vec<&str> = sealed
            .iter()
            .zip(&opened)
            .filter(|(sealed, opened)| opened.is_none() && known(sealed))
            .map(|(sealed, _)| sealed.subject)
            .collect();
        if !failed.is_empty() {
            for subject in &failed {
                self.keys.invalidate(*subject);
            }
            let keys = self.find(&failed).await?;
            for (sealed, opened) in sealed.iter().zip(&mut opened) {
                if opened.is_none() {
                    *opened = open(&keys, sealed);
                }
            }
        }
        Ok(opened)
    }

    async fn has(&self, subject: &str) -> Result<bool> {
        Ok(!self.store.find(&[subject]).await?.is_empty())
    }

    async fn erase(&self, subject: &str) -> Result<bool> {
        let existed = self.store.destroy(subject).await?;
        self.keys.invalidate(subject);
        Ok(existed)
    }

    fn digest(&self, purpose: &str, value: &str) -> String {
        let mut context = hmac::Context::with_key(&self.digests);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::secret::Secret;

    /// Keys in memory.
    #[derive(Default)]
    struct Keys(Mutex<HashMap<String, String>>);

    #[async_trait]
    impl SubjectKeyStore for Keys {
        async fn find(&self, subjects: &[&str]) -> Result<Vec<StoredSubjectKey>> {
            let keys = self.0.lock().unwrap();
            let key = |subject: &&str| {
                let (subject, wrapped) = keys.get_key_value(*subject)?;
                Some(StoredSubjectKey { subject: subject.clone(), wrapped: wrapped.clone() })
            };
            Ok(subjects.iter().filter_map(key).collect())
        }
        async fn keep(&self, key: &StoredSubjectKey) -> Result<StoredSubjectKey> {
            let mut keys = self.0.lock().unwrap();
            let wrapped = keys.entry(key.subject.clone()).or_insert(key.wrapped.clone()).clone();
            Ok(StoredSubjectKey { wrapped, ..key.clone() })
        }
        async fn destroy(&self, subject: &str) -> Result<bool> {
            Ok(self.0.lock().unwrap().remove(subject).is_some())
        }
    }

    fn vault(keys: &Arc<Keys>, master: u8) -> KeyVault {
        let master = MasterKey::parse(&Secret::new(STANDARD.encode([master; 32]))).unwrap();
        KeyVault::new(keys.clone(), &master).unwrap()
    }

    async fn opened(vault: &KeyVault, subject: &str, context: &str, text: &str) -> Option<Vec<u8>> {
        vault.open(&[SealedText { subject, context, text }]).await.unwrap().remove(0)
    }

    #[tokio::test]
    async fn what_is_sealed_opens_for_its_subject_in_its_place_until_the_key_is_destroyed() {
        let keys = Arc::new(Keys::default());
        let (vault, other_host) = (vault(&keys, 1), vault(&keys, 1));
        let text = vault.seal("a", "here", b"secret").await.unwrap();
        let of_b = other_host.seal("b", "here", b"secret").await.unwrap();
        assert!(!text.contains("secret"));
        assert_eq!(opened(&other_host, "a", "here", &text).await.as_deref(), Some(&b"secret"[..]));
        assert_eq!(opened(&vault, "a", "there", &text).await, None);
        assert_eq!(opened(&vault, "b", "here", &text).await, None);
        assert!(vault.erase("a").await.unwrap());
        assert!(!vault.erase("a").await.unwrap());
        assert_eq!(opened(&vault, "a", "here", &text).await, None);
        let anew = vault.seal("a", "here", b"new").await.unwrap();
        assert_eq!(opened(&vault, "a", "here", &text).await, None, "a new key opens nothing old");
        let elsewhere = opened(&other_host, "a", "here", &anew).await;
        assert_eq!(elsewhere.as_deref(), Some(&b"new"[..]), "it still remembers the old key");
        let both = [("a", &text), ("b", &of_b)];
        let both = both.map(|(subject, text)| SealedText { subject, context: "here", text });
        let both = vault.open(&both).await.unwrap();
        assert_eq!(both, [None, Some(b"secret".to_vec())]);
    }

    #[tokio::test]
    async fn nothing_is_sealed_with_a_key_that_another_host_destroyed() {
        let keys = Arc::new(Keys::default());
        let (vault, other_host) = (vault(&keys, 1), vault(&keys, 1));
        let before = other_host.seal("a", "here", b"before").await.unwrap();
        assert!(vault.erase("a").await.unwrap());
        let after = other_host.seal("a", "here", b"after").await.unwrap();
        for host in [&vault, &other_host] {
            assert_eq!(opened(host, "a", "here", &after).await.as_deref(), Some(&b"after"[..]));
            assert_eq!(opened(host, "a", "here", &before).await, None);
        }
    }

    #[tokio::test]
    async fn another_master_key_is_an_error_and_makes_other_digests() {
        let keys = Arc::new(Keys::default());
        let (vault, other) = (vault(&keys, 1), vault(&keys, 2));
        let text = vault.seal("a", "here", b"secret").await.unwrap();
        let sealed = SealedText { subject: "a", context: "here", text: &text };
        assert!(other.open(&[sealed]).await.is_err());
        assert_eq!(vault.digest("email", "a@b.cc"), vault.digest("email", "a@b.cc"));
        assert_ne!(vault.digest("email", "a@b.cc"), vault.digest("mailbox", "a@b.cc"));
        assert_ne!(vault.digest("email", "a@b.cc"), other.digest("email", "a@b.cc"));
    }
}
