//! Putting work on queues, and reading what comes from them.

#[cfg(feature = "testing-only")]
mod drain;
mod reading;
mod sealing;

use domain::kernel::ErrorKind;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    App, Call, Error, Result,
    error::FieldError,
    ports::{Append, AppendError, Appended, Ids, Metadata, StoredAnswer, WorkMessage, WorkQueue},
};

#[cfg(feature = "testing-only")]
pub use drain::drain;
pub use sealing::{open, seal};

/// The members that a queue's messages have of their own: `PascalCase`, nulls left out.
pub trait Message: Serialize + DeserializeOwned {
    /// Where they wait.
    const QUEUE: WorkQueue;
    /// Whose key encrypts the message while it waits; `None` leaves it readable.
    fn subject(&self) -> Option<String> {
        None
    }
}

/// The members that every message has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Envelope {
    /// See [`is_message_id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The correlation of the call that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// Who caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_id: Option<String>,
    /// The organization that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Where it was enqueued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_host_region: Option<String>,
}

#[derive(Serialize)]
struct Whole<'a, M> {
    #[serde(flatten)]
    envelope: &'a Envelope,
    #[serde(flatten)]
    message: &'a M,
}

/// The answer of everything that delivers a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliverMessageResponse {
    /// Always true: whatever else happened is an error.
    pub is_sent: bool,
}

impl DeliverMessageResponse {
    /// It was delivered, now or before.
    pub const SENT: Self = Self { is_sent: true };
}

impl App {
    /// Puts a message on its queue with the next append of the call, all or nothing. A call that
    /// succeeds without one enqueues when it ends; one that fails enqueues nothing.
    ///
    /// # Errors
    /// Unexpected, if the message can't be JSON.
    pub fn enqueue<M: Message>(&self, call: &Call, message: &M) -> Result<()> {
        call.enqueue(|own| compose(call, message, &self.region, self.ids.as_ref(), own))
    }

    /// Puts what the call has enqueued since its last append on the queues, in an append of its
    /// own; nothing if there is none. Whoever runs a use case does so when it has succeeded.
    ///
    /// # Errors
    /// Unavailable, if the log can't be written; key reused, as by any other append.
    pub async fn flush(&self, call: &Call) -> Result<()> {
        let work = call.work();
        if work.is_empty() {
            return Ok(());
        }
        // The key of a call that appended already is in that append.
        let first = call.receipt().position.is_none();
        let append = Append {
            work,
            consumed: call.consumed(),
            idempotency: call.idempotency.clone().filter(|_| first),
            metadata: call.metadata(),
            ..Append::default()
        };
        let appended = match self.sealed_log.append(append).await {
            Ok(appended) => appended,
            Err(AppendError::Duplicate(stored)) if is_repeated(call, &stored) => {
                Appended { position: stored.position }
            }
            Err(error) => return Err(error.into()),
        };
        call.committed(&appended, None, &[]);
        Ok(())
    }
}

/// Whether an earlier call was this very one, which has enqueued the same.
fn is_repeated(call: &Call, stored: &StoredAnswer) -> bool {
    call.idempotency.as_ref().is_some_and(|key| key.fingerprint == stored.fingerprint)
}

/// A message that belongs to no append of its call, with an id of its own.
///
/// # Errors
/// Unexpected, if it can't be JSON.
pub fn alone<M: Message>(
    call: &Call,
    message: &M,
    region: &str,
    ids: &dyn Ids,
) -> Result<WorkMessage> {
    compose(call, message, region, ids, None)
}

fn compose<M: Message>(
    call: &Call,
    message: &M,
    region: &str,
    ids: &dyn Ids,
    own: Option<String>,
) -> Result<WorkMessage> {
    let id = match own {
        Some(own) => Uuid::new_v5(&Uuid::NAMESPACE_OID, own.as_bytes()),
        None => ids.event_id(),
    };
    let id = format!("{}_{}", M::QUEUE.name(), id.simple());
    let Metadata { tenant, actor, correlation, .. } = call.metadata();
    let envelope = Envelope {
        message_id: Some(id.clone()),
        call_id: correlation,
        caller_id: actor,
        tenant_id: tenant,
        origin_host_region: Some(region.to_owned()),
    };
    let body = serde_json::to_string(&Whole { envelope: &envelope, message });
    let (queue, subject) = (M::QUEUE, message.subject());
    Ok(WorkMessage { id, queue, body: body.map_err(Error::unexpected)?, subject })
}

/// 2 to 100 letters, digits, `_` or `-`, then `_` and 32 lower-case hex digits.
#[must_use]
pub fn is_message_id(text: &str) -> bool {
    number_of(text).is_some()
}

/// The hex digits of a message's id as a number; `None` if it is malformed.
#[must_use]
pub fn number_of(id: &str) -> Option<u128> {
    let (queue, digits) = id.rsplit_once('_')?;
    let named = (2..=100).contains(&queue.len())
        && queue.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let hex = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if named && hex { u128::from_str_radix(digits, 16).ok() } else { None }
}

/// Reads what a delivery was given: its envelope, and the members of its queue. Names fold case.
///
/// # Errors
/// Validation, if it is missing or empty; a rule violation, if it is not JSON of that form.
pub fn read<M: Message>(message: Option<&str>) -> Result<(Envelope, M)> {
    let text = message.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        Error::Validation(vec![FieldError {
            reason: "The 'Message' is either missing or invalid".to_owned(),
            rule: "NotEmptyValidator",
            value: message.map(Into::into),
        }])
    })?;
    let read = reading::read(text).and_then(|envelope| Ok((envelope, reading::read(text)?)));
    // What serde says may repeat the message.
    read.map_err(|_| malformed("The queued message was not valid JSON for its type"))
}

/// The envelope of a message; empty if it can't be read.
#[must_use]
pub fn envelope(body: &str) -> Envelope {
    reading::read(body).unwrap_or_default()
}

/// A message that breaks a rule of its queue.
#[must_use]
pub fn malformed(why: &str) -> Error {
    Error::refused(ErrorKind::Rule, "malformed_message", why)
}

#[cfg(test)]
mod tests;
