//! All signing keys of a deployment, as this process knows them, and how they take turns.
//!
//! A new key is stored first and signs later, when every process knows it; an old one goes on
//! verifying until the last token that it signed has ended.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use application::ports::{Clock, SigningKeyStore, StoredSigningKey};
use domain::kernel::Timestamp;
use time::Duration;
use tokio::sync::{Mutex, watch};

use crate::{
    aead::Aead,
    master_key::MasterKey,
    signing_keys::{SigningKey, SigningKeyError},
};

/// How often a process looks for keys that others made.
const LOOK: std::time::Duration = std::time::Duration::from_secs(15);
/// How often it looks, at most, because a token names a key that it does not know.
const LOOK_AT_MOST: std::time::Duration = std::time::Duration::from_secs(1);

/// How keys take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// So old must a key be before it signs: every process has looked for it by then.
    pub known_after: Duration,
    /// So long a key verifies after the next one began to sign: no token lives longer.
    pub verifies_for: Duration,
}

/// What a key does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Processes get to know it; it signs from then on.
    Waits(Timestamp),
    /// It signs new tokens.
    Signs,
    /// Its last tokens are verified until then.
    Verifies(Timestamp),
    /// No token of it is good.
    Retired,
}

/// One key, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Counts from 1.
    pub number: u32,
    /// What tokens name it by.
    pub kid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it does now.
    pub duty: Duty,
}

/// The keys that this process knows; oldest first, never empty.
type Known = Vec<(Timestamp, Arc<SigningKey>)>;

/// All keys of a deployment. Never empty.
pub struct KeyRing {
    known: RwLock<Arc<Known>>,
    turns: Turns,
    clock: Arc<dyn Clock>,
    /// Where they are kept, and what opens them; `None` for a ring that never changes.
    kept: Option<(Arc<dyn SigningKeyStore>, Aead)>,
    looked: Mutex<Option<Instant>>,
}

impl KeyRing {
    /// A ring of one key.
    #[must_use]
    pub fn of(key: SigningKey, clock: Arc<dyn Clock>) -> Self {
        let turns = Turns { known_after: Duration::ZERO, verifies_for: Duration::ZERO };
        let known = RwLock::new(Arc::new(vec![(clock.now(), Arc::new(key))]));
        Self { known, turns, clock, kept: None, looked: Mutex::default() }
    }
    /// Opens the stored keys, and makes the first one if there is none.
    ///
    /// # Errors
    /// [`SigningKeyError`] if they can't be read or were made under another master key.
    pub async fn open(
        store: Arc<dyn SigningKeyStore>,
        master: &MasterKey,
        clock: Arc<dyn Clock>,
        turns: Turns,
    ) -> Result<Self, SigningKeyError> {
        let under =
            master.aead("signing keys v1").map_err(|_| SigningKeyError::Crypto("no cipher"))?;
        let mut stored = store.all().await?;
        if stored.is_empty() {
            store.add(&made(1, &SigningKey::generate()?, &under, clock.now())?).await?;
            stored = store.all().await?;
        }
        let known = opened(&stored, &under, &vec![])?;
        if known.is_empty() {
            return Err(SigningKeyError::Crypto("the first key was not kept"));
        }
        let known = RwLock::new(Arc::new(known));
        Ok(Self { known, turns, clock, kept: Some((store, under)), looked: Mutex::default() })
    }

    /// The one that signs.
    #[must_use]
    pub fn signer(&self) -> Option<Arc<SigningKey>> {
        let (known, now) = (self.known(), self.clock.now());
        let signing = signing(known.iter().map(|(made, _)| *made), self.turns, now);
        known.get(signing).map(|(_, key)| key.clone())
    }
    /// The one that a token names; `None` if nobody has it, or its last token has ended.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<Arc<SigningKey>> {
        let known = self.known();
        let at = known.iter().position(|(_, key)| key.kid() == kid)?;
        let next = known.get(at + 1).map(|(made, _)| *made);
        let retired = next.is_some_and(|next| self.retires(next) <= self.clock.now());
        known.get(at).filter(|_| !retired).map(|(_, key)| key.clone())
    }

    /// Looks for keys that others made.
    ///
    /// # Errors
    /// [`SigningKeyError`] if the store can't be read or a key can't be opened; the known ones
    /// stay.
    pub async fn reload(&self) -> Result<(), SigningKeyError> {
        let mut looked = self.looked.lock().await;
        self.look().await?;
        *looked = Some(Instant::now());
        Ok(())
    }
    /// Looks for a key that a token names, unless it was just looked for. The token may be
    /// nonsense, so this does not make anybody work much.
    pub async fn look_for_unknown(&self) {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < LOOK_AT_MOST) {
            return;
        }
        *looked = Some(Instant::now());
        if let Err(error) = self.look().await {
            tracing::warn!(%error, "signing keys could not be looked for");
        }
    }
    /// Looks for keys now and then, until `stop` turns true.
    pub async fn follow(&self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Err(error) = self.reload().await {
                tracing::warn!(%error, "signing keys could not be looked for");
            }
        }
    }

    /// Makes the next key, and forgets those whose last token has ended. Its number and id.
    ///
    /// # Errors
    /// [`SigningKeyError`]; of two at the same moment, one is refused.
    pub async fn rotate(&self) -> Result<Standing, SigningKeyError> {
        let Some((store, under)) = &self.kept else {
            return Err(SigningKeyError::Crypto("this ring never changes"));
        };
        let newest = store.all().await?.last().map_or(0, |newest| newest.number);
        let key = SigningKey::generate()?;
        store.add(&made(newest + 1, &key, under, self.clock.now())?).await?;
        let standings = self.list().await?;
        for retired in standings.iter().filter(|standing| standing.duty == Duty::Retired) {
            store.remove(retired.number).await?;
        }
        self.reload().await?;
        let made = standings.into_iter().find(|standing| standing.kid == key.kid());
        made.ok_or(SigningKeyError::Raced)
    }
    /// Every stored key, oldest first.
    ///
    /// # Errors
    /// [`SigningKeyError`] if the store can't be read.
    pub async fn list(&self) -> Result<Vec<Standing>, SigningKeyError> {
        let Some((store, _)) = &self.kept else { return Ok(vec![]) };
        let (stored, now) = (store.all().await?, self.clock.now());
        let signing = signing(stored.iter().map(|key| key.created_at), self.turns, now);
        let standing = |(at, key): (usize, &StoredSigningKey)| {
            let duty = match (stored.get(at + 1), at.cmp(&signing)) {
                (_, std::cmp::Ordering::Equal) => Duty::Signs,
                (Some(next), std::cmp::Ordering::Less) => {
                    let until = self.retires(next.created_at);
                    if until > now { Duty::Verifies(until) } else { Duty::Retired }
                }
                _ => Duty::Waits(key.created_at.plus(self.turns.known_after)),
            };
            Standing { number: key.number, kid: key.kid.clone(), created_at: key.created_at, duty }
        };
        Ok(stored.iter().enumerate().map(standing).collect())
    }

    /// When a key retires whose successor was made at this time.
    fn retires(&self, successor: Timestamp) -> Timestamp {
        successor.plus(self.turns.known_after).plus(self.turns.verifies_for)
    }

    fn known(&self) -> Arc<Known> {
        // A poisoned lock still holds a whole list: it is replaced at once.
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn look(&self) -> Result<(), SigningKeyError> {
        let Some((store, under)) = &self.kept else { return Ok(()) };
        let found = opened(&store.all().await?, under, &self.known())?;
        if !found.is_empty() {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
        }
        Ok(())
    }
}

/// Which of these signs: the newest that is old enough, else the oldest.
fn signing(made: impl Iterator<Item = Timestamp>, turns: Turns, now: Timestamp) -> usize {
    let old_enough = made.enumerate().filter(|(_, made)| made.plus(turns.known_after) <= now);
    old_enough.map(|(at, _)| at).last().unwrap_or_default()
}

fn made(
    number: u32,
    key: &SigningKey,
    under: &Aead,
    now: Timestamp,
) -> Result<StoredSigningKey, SigningKeyError> {
    let (kid, wrapped) = (key.kid().to_owned(), key.wrap(under)?);
    Ok(StoredSigningKey { number, kid, wrapped, created_at: now })
}

/// Opens stored keys; those that are known need no opening.
fn opened(
    stored: &[StoredSigningKey],
    under: &Aead,
    known: &Known,
) -> Result<Known, SigningKeyError> {
    let open = |stored: &StoredSigningKey| {
        let same = known.iter().find(|(_, key)| key.kid() == stored.kid);
        let key = match same {
            Some((_, key)) => key.clone(),
            None => Arc::new(SigningKey::unwrap(stored, under)?),
        };
        Ok((stored.created_at, key))
    };
    stored.iter().map(open).collect()
}
