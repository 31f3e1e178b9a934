//! One append of a call: what it decided about one or several aggregates, the work that follows,
//! and the checkpoint of a reaction.

use domain::kernel::{Aggregate, DomainError, Event, event::wire_name};
use serde_json::{Map, Value};

use super::{ATTEMPTS, Decision, Loaded, Outcome, Repository};
use crate::{
    App, Call, Error, Result,
    ports::{
        Append, AppendError, Claim, EventLog, IdempotencyKey, Ids, NewEvent, Sealed, StreamAppend,
    },
};

/// What was decided about one aggregate; made by [`Repository::stage`].
#[derive(Debug)]
pub struct Staged {
    pub(super) stream: StreamAppend,
    pub(super) names: Vec<(&'static str, &'static str)>,
    pub(super) take: Vec<Claim>,
    pub(super) release: Vec<Claim>,
}

/// What became of an append.
#[derive(Debug)]
#[must_use]
pub enum Committed {
    /// It is in the log.
    Done,
    /// Somebody else was faster, so nothing was written, and what the call had enqueued for it is
    /// forgotten: load and decide again.
    Raced,
}

impl App {
    /// Writes everything that was staged, and what the call has enqueued, in one append.
    ///
    /// # Errors
    /// Key reused, if the call's idempotency key was used by another request or by this very one:
    /// who handles several aggregates answers a repetition from what is there. Unavailable.
    pub async fn commit(&self, call: &Call, parts: Vec<Staged>) -> Result<Committed> {
        self.commit_with(call, call.idempotency.clone(), parts).await
    }

    /// As [`Self::commit`], for what is done because the call is refused: a repetition is refused
    /// anew, so that the call's idempotency key is not used up.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn commit_refusal(&self, call: &Call, parts: Vec<Staged>) -> Result<Committed> {
        self.commit_with(call, None, parts).await
    }

    async fn commit_with(
        &self,
        call: &Call,
        key: Option<IdempotencyKey>,
        parts: Vec<Staged>,
    ) -> Result<Committed> {
        match append(self.sealed_log.as_ref(), call, key, parts).await {
            Ok(()) => Ok(Committed::Done),
            Err(AppendError::Conflict { .. } | AppendError::Taken(_)) => {
                call.withdraw();
                Ok(Committed::Raced)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<D: Aggregate> Repository<D> {
    /// As [`Self::change`], and tells of what was decided, with the same append: `tell` is given what
    /// was loaded and what is about to happen to it, which may be nothing.
    ///
    /// # Errors
    /// As [`Self::change`]; whatever `tell` can't do.
    pub(crate) async fn change_telling<E: DomainError>(
        &self,
        call: &Call,
        id: &str,
        decide: impl Fn(&D) -> Result<Vec<D::Event>, E> + Send + Sync,
        tell: impl Fn(&Loaded<D>, &[D::Event]) -> Result<()> + Send + Sync,
    ) -> Result<Loaded<D>> {
        for _ in 0..ATTEMPTS {
            let decided = match self.load_to_change(call, id).await {
                Ok(loaded) => {
                    decide(&loaded.state).map(|events| (loaded, events)).map_err(Into::into)
                }
                Err(error) => Err(error),
            };
            let (loaded, events) = match decided {
                Ok(decided) => decided,
                // What this very call did before may be why it is refused now.
                Err(error) => return self.repeated(call).await?.ok_or(error),
            };
            tell(&loaded, &events)?;
            if let Some(changed) = self.append_to(call, loaded, events).await? {
                return Ok(changed);
            }
            // It is told anew of what is decided then.
            call.withdraw();
        }
        Err(Error::conflict())
    }

    /// As [`Self::append_to`], for who looked at others before it decided: these are staged without
    /// events, so that nothing is written unless they still are what they were. `None` if somebody
    /// else was faster with any of them.
    ///
    /// # Errors
    /// Unavailable.
    pub(crate) async fn append_beside(
        &self,
        call: &Call,
        loaded: Loaded<D>,
        decision: impl Into<Decision<D::Event>>,
        unchanged: Vec<Staged>,
    ) -> Result<Option<Loaded<D>>> {
        Ok(match self.append(call, loaded, decision.into(), unchanged).await? {
            Outcome::Committed(loaded) => Some(loaded),
            Outcome::Raced(_) => None,
        })
    }
}

pub(super) async fn append(
    log: &dyn EventLog,
    call: &Call,
    idempotency: Option<IdempotencyKey>,
    parts: Vec<Staged>,
) -> Result<(), AppendError> {
    let mut append = Append {
        idempotency,
        consumed: call.consumed(),
        work: call.work(),
        metadata: call.metadata(),
        ..Append::default()
    };
    let (mut names, mut version) = (vec![], None);
    for part in parts {
        version = version.or(Some(part.stream.expected + part.stream.events.len() as u64));
        names.extend(part.names);
        append.take.extend(part.take);
        append.release.extend(part.release);
        append.streams.push(part.stream);
    }
    let appended = log.append(append).await?;
    call.committed(&appended, version, &names);
    Ok(())
}

/// An event as it goes to the log: what is sealed apart, if there is a subject.
pub(super) fn new_event<E: Event>(
    event: &E,
    subject: Option<&str>,
    ids: &dyn Ids,
) -> Result<NewEvent> {
    let (payload, sealed) = match subject {
        Some(subject) if !event.sealed().is_empty() => {
            let value = serde_json::to_value(event).map_err(Error::unexpected)?;
            let (clear, sealed) = divide(value, event.sealed());
            (
                clear.to_string(),
                Some(Sealed { subject: subject.to_owned(), text: sealed.to_string() }),
            )
        }
        _ => (serde_json::to_string(event).map_err(Error::unexpected)?, None),
    };
    Ok(NewEvent {
        id: ids.event_id(),
        name: event.name().into(),
        version: event.version(),
        payload,
        sealed,
    })
}

/// The members that stay, and those of these fields.
fn divide(payload: Value, fields: &[&str]) -> (Value, Value) {
    let Value::Object(mut clear) = payload else { return (payload, Value::Null) };
    let mut sealed = Map::new();
    for field in fields {
        let name = wire_name(field);
        // What is left out because it is empty stays left out.
        if let Some(value) = clear.remove(&name) {
            sealed.insert(name, value);
        }
    }
    (Value::Object(clear), Value::Object(sealed))
}
