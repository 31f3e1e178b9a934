//! Loading aggregates, deciding, appending: the command path.

mod commit;
mod leading;
mod loading;
mod repeating;

use std::sync::Arc;

use domain::kernel::{Aggregate, DomainError, ErrorKind, Event};

use crate::{
    Call, Error, Result,
    ports::{AppendError, Claim, EventLog, Ids, LogError, StreamAppend, StreamId},
};
use commit::new_event;
pub use commit::{Committed, Staged};
use loading::Recent;

/// How often a decision is made again when somebody else was faster.
pub(crate) const ATTEMPTS: usize = 4;

/// An aggregate as it was loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded<D> {
    /// Its id.
    pub id: String,
    /// How many events it has.
    pub version: u64,
    /// What they made of it.
    pub state: D,
}

impl<D: Default> Loaded<D> {
    /// One that is about to begin.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), version: 0, state: D::default() }
    }
}

/// What a decision wants to have appended.
#[derive(Clone, Debug)]
pub struct Decision<E> {
    /// What happened; empty if it was so already.
    pub events: Vec<E>,
    /// Values that the aggregate takes for itself.
    pub take: Vec<crate::ports::ClaimRef>,
    /// Values that it gives back.
    pub release: Vec<crate::ports::ClaimRef>,
}

impl<E> Decision<E> {
    /// Whether it leaves everything as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.take.is_empty() && self.release.is_empty()
    }
}

impl<E> From<Vec<E>> for Decision<E> {
    fn from(events: Vec<E>) -> Self {
        Self { events, take: vec![], release: vec![] }
    }
}

/// The aggregates of one type. Cheap to clone.
pub struct Repository<D> {
    log: Arc<dyn EventLog>,
    ids: Arc<dyn Ids>,
    recent: Recent<D>,
}

impl<D> Clone for Repository<D> {
    fn clone(&self) -> Self {
        Self { log: self.log.clone(), ids: self.ids.clone(), recent: self.recent.clone() }
    }
}

impl<D: Aggregate> Repository<D> {
    /// Over a log.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, ids: Arc<dyn Ids>) -> Self {
        Self { log, ids, recent: loading::recent() }
    }

    /// Loads what the caller may see.
    ///
    /// # Errors
    /// Not found, if there is none or it belongs to another tenant; deleted.
    pub async fn load(&self, call: &Call, id: &str) -> Result<Loaded<D>> {
        Self::seen(call, self.replay(id).await?)
    }

    /// What was loaded, if the caller may see it.
    fn seen(call: &Call, loaded: Loaded<D>) -> Result<Loaded<D>> {
        let foreign =
            loaded.state.tenant().is_some() && loaded.state.tenant() != call.tenant.as_ref();
        if loaded.version == 0 || foreign {
            return Err(Error::not_found());
        }
        if loaded.state.is_deleted() {
            return Err(Error::deleted());
        }
        call.read_version(loaded.version);
        Ok(loaded)
    }

    /// As [`Self::load`]; `None` if there is none.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn find(&self, call: &Call, id: &str) -> Result<Option<Loaded<D>>> {
        Self::found(self.load(call, id).await)
    }

    fn found(loaded: Result<Loaded<D>>) -> Result<Option<Loaded<D>>> {
        match loaded {
            Ok(loaded) => Ok(Some(loaded)),
            Err(error) if error.kind() == Some(ErrorKind::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins a new aggregate.
    ///
    /// # Errors
    /// Exists, if a claim is taken or the id is in use; unavailable.
    pub async fn create(
        &self,
        call: &Call,
        id: &str,
        decision: impl Into<Decision<D::Event>>,
    ) -> Result<Loaded<D>> {
        match self.append(call, Loaded::new(id), decision.into(), vec![]).await {
            Ok(Outcome::Committed(loaded)) => Ok(loaded),
            Ok(Outcome::Raced(_)) => Err(Error::conflict()),
            Err(error) => Err(error),
        }
    }

    /// Loads, decides and appends; decides again if somebody else was faster.
    ///
    /// # Errors
    /// Whatever the decision refuses; not found; deleted; a version mismatch if the caller named
    /// another version; conflict after a few attempts; unavailable.
    pub async fn change<E, T>(
        &self,
        call: &Call,
        id: &str,
        decide: impl Fn(&D) -> Result<T, E> + Send + Sync,
    ) -> Result<Loaded<D>>
    where
        E: DomainError,
        T: Into<Decision<D::Event>>,
    {
        for _ in 0..ATTEMPTS {
            let loaded = match self.load(call, id).await {
                Ok(loaded) => loaded,
                // What it deleted can't be loaded when the same call comes again.
                Err(error) => return self.repeated(call).await?.ok_or(error),
            };
            if call.expected_version.is_some_and(|expected| expected != loaded.version) {
                return self.repeated(call).await?.ok_or_else(version_mismatch);
            }
            let decision = match decide(&loaded.state) {
                Ok(decision) => decision.into(),
                Err(error) => return self.repeated(call).await?.ok_or_else(|| error.into()),
            };
            match self.append(call, loaded, decision, vec![]).await? {
                Outcome::Committed(loaded) => return Ok(loaded),
                Outcome::Raced(error) if call.expected_version.is_some() => return Err(error),
                Outcome::Raced(_) => {}
            }
        }
        Err(Error::conflict())
    }

    /// As [`Self::load`], for whoever has to ask others before it decides.
    ///
    /// # Errors
    /// As [`Self::load`]; a version mismatch if the caller named another version.
    pub(crate) async fn load_to_change(&self, call: &Call, id: &str) -> Result<Loaded<D>> {
        let loaded = self.load(call, id).await?;
        if call.expected_version.is_some_and(|expected| expected != loaded.version) {
            return Err(version_mismatch());
        }
        Ok(loaded)
    }

    /// Appends what was decided about what was loaded; `None` if somebody else was faster.
    ///
    /// # Errors
    /// A version mismatch if the caller named a version; unavailable.
    pub(crate) async fn append_to(
        &self,
        call: &Call,
        loaded: Loaded<D>,
        decision: impl Into<Decision<D::Event>>,
    ) -> Result<Option<Loaded<D>>> {
        match self.append(call, loaded, decision.into(), vec![]).await? {
            Outcome::Committed(loaded) => Ok(Some(loaded)),
            Outcome::Raced(error) if call.expected_version.is_some() => Err(error),
            Outcome::Raced(_) => Ok(None),
        }
    }

    /// If this very call was committed before, the state that it led to.
    ///
    /// # Errors
    /// Key reused, if another call used its key; unavailable.
    pub(crate) async fn repeated(&self, call: &Call) -> Result<Option<Loaded<D>>> {
        let Some(key) = &call.idempotency else { return Ok(None) };
        match self.log.answered(&key.scope, &key.key).await? {
            Some(stored) if stored.fingerprint == key.fingerprint => {
                self.again(call, stored).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Makes a part of an append: applies the decision to what was loaded. Nothing is written
    /// before [`App::commit`](crate::App::commit).
    ///
    /// # Errors
    /// Unexpected, if an event can't be JSON.
    pub fn stage(
        &self,
        loaded: &mut Loaded<D>,
        decision: impl Into<Decision<D::Event>>,
    ) -> Result<Staged> {
        let decision = decision.into();
        let stream = StreamId::new(D::TYPE, loaded.id.clone());
        for event in &decision.events {
            loaded.state.evolve(event);
        }
        let state = &loaded.state;
        let new = |event| {
            let subject = state.subject_of(&loaded.id, event);
            new_event(event, subject.as_deref(), self.ids.as_ref())
        };
        let events = decision.events.iter().map(new).collect::<Result<Vec<_>>>()?;
        let names = decision.events.iter().map(|event| (D::TYPE, event.name())).collect();
        let expected = loaded.version;
        loaded.version += events.len() as u64;
        let own = |claim| Claim { claim, owner: stream.clone() };
        Ok(Staged {
            take: decision.take.into_iter().map(own).collect(),
            release: decision.release.into_iter().map(own).collect(),
            stream: StreamAppend { stream: stream.clone(), expected, events },
            names,
        })
    }

    async fn append(
        &self,
        call: &Call,
        mut loaded: Loaded<D>,
        decision: Decision<D::Event>,
        unchanged: Vec<Staged>,
    ) -> Result<Outcome<D>> {
        if decision.is_empty() {
            return Ok(Outcome::Committed(loaded));
        }
        // It comes first: by that a repetition finds it.
        let mut parts = vec![self.stage(&mut loaded, decision)?];
        parts.extend(unchanged);
        match commit::append(self.log.as_ref(), call, call.idempotency.clone(), parts).await {
            Ok(()) => Ok(Outcome::Committed(loaded)),
            Err(AppendError::Conflict { .. }) if call.expected_version.is_some() => {
                Ok(Outcome::Raced(version_mismatch()))
            }
            Err(AppendError::Conflict { .. }) => Ok(Outcome::Raced(Error::conflict())),
            Err(AppendError::Duplicate(stored)) => {
                self.again(call, stored).await.map(Outcome::Committed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same key came again: the same request gets the state that it led to.
    async fn again(&self, call: &Call, stored: crate::ports::StoredAnswer) -> Result<Loaded<D>> {
        let same =
            call.idempotency.as_ref().is_some_and(|key| key.fingerprint == stored.fingerprint);
        let Some(stream) = stored.stream.filter(|_| same) else { return Err(key_reused()) };
        let loaded = self.replay(&stream.id).await?;
        // Which events it was is not kept beside the key; that it was some of these is certain.
        let possible: Vec<_> =
            D::Event::CATALOG.iter().map(|event| (D::TYPE, event.name)).collect();
        call.committed(
            &crate::ports::Appended { position: stored.position },
            Some(loaded.version),
            &possible,
        );
        Ok(loaded)
    }
}

enum Outcome<D> {
    Committed(Loaded<D>),
    Raced(Error),
}

fn version_mismatch() -> Error {
    Error::refused(
        ErrorKind::VersionMismatch,
        "version_mismatch",
        "the version named by If-Match is not the current one",
    )
}

/// The same key came with another request.
#[must_use]
pub fn key_reused() -> Error {
    Error::refused(
        ErrorKind::KeyReused,
        "idempotency_key_reused",
        "the Idempotency-Key was used before, with another request",
    )
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } | AppendError::Superseded { .. } => Self::conflict(),
            AppendError::Taken(claim) => Self::refused(
                ErrorKind::Exists,
                "taken",
                format!("the {} is in use already", claim.kind),
            ),
            AppendError::Duplicate(_) => key_reused(),
            AppendError::Unavailable(why) => {
                tracing::warn!(why, "the event log could not be written");
                Self::unavailable("the event log is unavailable")
            }
            AppendError::Malformed(_) | AppendError::Corrupt(_) => Self::unexpected(error),
        }
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(why) => {
                tracing::warn!(why, "the event log could not be read");
                Self::unavailable("the event log is unavailable")
            }
            LogError::Corrupt(_) => Self::unexpected(error),
        }
    }
}
