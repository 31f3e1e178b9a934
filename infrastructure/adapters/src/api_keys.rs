//! API keys that are presented: who calls with one costs a look at what was found a moment ago.
//!
//! What is found of a key is remembered for half a second, so that whatever ends it, and whatever
//! its user may do no more, counts within a second on every host.

mod uses;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use application::{
    App, Caller, Error, Result,
    identities::api_keys::check::{self, Judged, KnownKey},
    ports::ApiKeyUse,
};
use domain::{identities::ApiKeyText, kernel::UserId};
use moka::{future, sync};
use tokio::sync::Semaphore;

use uses::Uses;
pub use uses::run;

/// How long what was found of a key counts.
const FRESH: Duration = Duration::from_millis(500);
/// How long nobody looks again for a key that there is not: none is made that somebody guessed.
const UNKNOWN: Duration = Duration::from_secs(5);
/// How many of those are remembered.
const UNKNOWNS: u64 = 10_000;
/// How many roles and features are remembered, of all keys together.
const GRANTS: u64 = 200_000;
/// How long a key that was good is looked for before those that nobody knows.
const LATELY: Duration = Duration::from_mins(10);
/// How many of those are remembered.
const GOOD: u64 = 100_000;
/// How many keys are looked for at once; as many again of those that were good lately, so that
/// whoever guesses keys keeps nobody waiting who has one.
const LOOKS: usize = 16;
/// How long a key waits for its turn to be looked for.
const TURN: Duration = Duration::from_secs(2);
/// How long the refusal of somebody who is suspended is not audited again.
const AUDITED: Duration = Duration::from_mins(1);
/// How many of those are remembered.
const SUSPENDED: u64 = 10_000;

/// Finds out who calls with API keys.
pub struct ApiKeys {
    app: App,
    known: future::Cache<String, Arc<Entry>>,
    unknown: sync::Cache<String, ()>,
    good: sync::Cache<String, ()>,
    suspended: sync::Cache<UserId, ()>,
    looks: Semaphore,
    looks_again: Semaphore,
    uses: Uses,
}

/// What was found of a key.
struct Entry {
    key: KnownKey,
    /// Whether it was used since.
    used: AtomicBool,
}

/// Why nothing was found.
enum Missed {
    /// There is no such key.
    Unknown,
    /// It can't be told now.
    Failed(Error),
}

impl ApiKeys {
    /// Over the ports of a host.
    #[must_use]
    pub fn new(app: App) -> Self {
        let grants = |_: &String, entry: &Arc<Entry>| {
            u32::try_from(entry.key.weight()).unwrap_or(u32::MAX).saturating_add(10)
        };
        let (known, unknown) = (future::Cache::builder(), sync::Cache::builder());
        Self {
            app,
            known: known.time_to_live(FRESH).weigher(grants).max_capacity(GRANTS).build(),
            unknown: unknown.time_to_live(UNKNOWN).max_capacity(UNKNOWNS).build(),
            good: sync::Cache::builder().time_to_live(LATELY).max_capacity(GOOD).build(),
            suspended: sync::Cache::builder().time_to_live(AUDITED).max_capacity(SUSPENDED).build(),
            looks: Semaphore::new(LOOKS),
            looks_again: Semaphore::new(LOOKS),
            uses: Uses::default(),
        }
    }

    /// Who calls with this text; `None` if it is no key that is good now.
    ///
    /// # Errors
    /// Unavailable, if that can't be told now.
    pub async fn caller(&self, text: &str) -> Result<Option<Caller>> {
        let Some(text) = ApiKeyText::parse(text) else { return Ok(None) };
        let Some(entry) = self.find(text.token).await? else { return Ok(None) };
        let now = self.app.clock.now();
        match entry.key.judge(&self.app.secrets.hash(text.secret), now) {
            Judged::Refused => Ok(None),
            Judged::Suspended(user) => {
                self.refuse(user).await;
                Ok(None)
            }
            Judged::Passed(caller) => {
                if !entry.used.swap(true, Ordering::Relaxed) {
                    self.good.insert(text.token.to_owned(), ());
                    let (key, user) = (entry.key.id.clone(), caller.id.clone());
                    self.uses.add(ApiKeyUse { key, user, at: now });
                }
                Ok(Some(caller.clone()))
            }
        }
    }

    /// Writes which keys were used since it was last asked to.
    pub async fn flush(&self) {
        self.uses.flush(&self.app).await;
    }

    async fn find(&self, token: &str) -> Result<Option<Arc<Entry>>> {
        if let Some(entry) = self.known.get(token).await {
            return Ok(Some(entry));
        }
        if self.unknown.contains_key(token) {
            return Ok(None);
        }
        // Those who ask for the same key wait for the first of them.
        let found = self.known.try_get_with(token.to_owned(), self.look(token)).await;
        match found.as_ref().map_err(AsRef::as_ref) {
            Ok(entry) => Ok(Some(entry.clone())),
            Err(Missed::Unknown) => {
                self.unknown.insert(token.to_owned(), ());
                self.good.invalidate(token);
                Ok(None)
            }
            Err(Missed::Failed(error)) => {
                tracing::warn!(%error, "an API key can't be checked");
                Err(Error::unavailable("API keys can't be checked now"))
            }
        }
    }

    async fn look(&self, token: &str) -> Result<Arc<Entry>, Missed> {
        let busy = || Missed::Failed(Error::unavailable("too many API keys are looked for"));
        let looks = if self.good.contains_key(token) { &self.looks_again } else { &self.looks };
        let turn = tokio::time::timeout(TURN, looks.acquire()).await;
        let _turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let key = check::find(&self.app, token).await.map_err(Missed::Failed)?;
        let key = key.ok_or(Missed::Unknown)?;
        Ok(Arc::new(Entry { key, used: AtomicBool::new(false) }))
    }

    async fn refuse(&self, user: &UserId) {
        if self.suspended.contains_key(user) {
            return;
        }
        self.suspended.insert(user.clone(), ());
        if let Err(error) = check::audit_suspended(&self.app, user).await {
            self.suspended.invalidate(user);
            tracing::error!(%user, %error, "the refusal of an API key could not be audited");
        }
    }
}
