//! One call of a use case: who calls, about whose data, and what came of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::kernel::OrganizationId;

use crate::{
    Caller, Error, Result,
    ports::{Appended, Consumed, IdempotencyKey, Metadata, WorkMessage},
};

/// User name and password that came with a request (RFC 7617), for use cases that judge them
/// themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    /// The name.
    pub user: String,
    /// The password; empty if there is none.
    pub password: String,
}

impl std::fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BasicCredentials")
    }
}

/// One call. Handed to the use case by reference; collects what its append committed.
#[derive(Debug)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// Whose data it is about.
    pub tenant: Option<OrganizationId>,
    /// Joins everything that one request caused.
    pub correlation: String,
    /// The event or message that caused this call.
    pub causation: Option<String>,
    /// The W3C trace context, if the call is traced.
    pub traceparent: Option<String>,
    /// The version that the caller expects to change (`If-Match`).
    pub expected_version: Option<u64>,
    /// Whether it came by HTTPS.
    pub secure: bool,
    /// What came as `Authorization: Basic`, where anybody may call.
    pub basic: Option<BasicCredentials>,
    /// Makes repeating the call harmless.
    pub idempotency: Option<IdempotencyKey>,
    next: Mutex<Next>,
    steps: Mutex<Steps>,
    receipt: Mutex<Receipt>,
}

/// How far a call has come that takes many steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Steps that are done.
    pub done: u64,
    /// Those of them that found something to do.
    pub effective: u64,
}

/// What the next append carries besides the decision.
#[derive(Debug, Default)]
struct Next {
    consumed: Option<Consumed>,
    /// The reaction that this call is made by; outlives `consumed`.
    consumer: Option<String>,
    work: Vec<WorkMessage>,
    /// Messages of this call so far, those that were appended included.
    enqueued: u32,
}

/// What a call committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// The last position, if anything was appended.
    pub position: Option<u64>,
    /// The version of the aggregate after the call.
    pub version: Option<u64>,
    /// Aggregate type and name of each event appended; of each that may have been, if an earlier
    /// call with the same idempotency key appended them.
    pub events: Vec<(&'static str, &'static str)>,
}

impl Call {
    /// A call without tenant, expectations or cause.
    #[must_use]
    pub fn new(caller: Caller, correlation: String) -> Self {
        Self {
            caller,
            tenant: None,
            correlation,
            causation: None,
            traceparent: None,
            expected_version: None,
            secure: false,
            basic: None,
            idempotency: None,
            next: Mutex::default(),
            steps: Mutex::default(),
            receipt: Mutex::default(),
        }
    }
    /// The tenant of a tenanted use case.
    ///
    /// # Errors
    /// Unexpected, if the use case was not declared as tenanted.
    pub fn tenant(&self) -> Result<&OrganizationId> {
        self.tenant.as_ref().ok_or_else(|| Error::unexpected("the use case is not tenanted"))
    }
    /// What every event of this call carries.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        Metadata {
            tenant: self.tenant.as_ref().map(ToString::to_string),
            actor: Some(self.caller.id.to_string()),
            correlation: Some(self.correlation.clone()),
            causation: self.causation.clone(),
            traceparent: self.traceparent.clone(),
            ..Metadata::default()
        }
    }
    /// A call for one of several appends that the same cause leads to, which moves no checkpoint.
    /// `part` is what no other of them is called: it tells their messages apart.
    #[must_use]
    pub fn part(&self, part: &str) -> Self {
        let consumer = lock(&self.next).consumer.clone().unwrap_or_default();
        Self {
            tenant: self.tenant.clone(),
            causation: self.causation.clone(),
            traceparent: self.traceparent.clone(),
            secure: self.secure,
            next: Mutex::new(Next {
                consumer: Some(format!("{consumer}/{part}")),
                ..Next::default()
            }),
            ..Self::new(self.caller.clone(), self.correlation.clone())
        }
    }
    /// Notes that one of many steps is done, so that whoever waits for the call sees that it gets on.
    pub fn step(&self, effective: bool) {
        let mut steps = lock(&self.steps);
        steps.done += 1;
        steps.effective += u64::from(effective);
    }
    /// How far it has come, if it takes many steps.
    #[must_use]
    pub fn steps(&self) -> Steps {
        *lock(&self.steps)
    }
    /// Makes the next append also move a reaction's checkpoint.
    pub fn consume(&self, consumed: Consumed) {
        let mut next = lock(&self.next);
        next.consumer = Some(consumed.consumer.clone());
        next.consumed = Some(consumed);
    }
    /// The checkpoint that the next append must move; `None` once an append has moved it.
    #[must_use]
    pub fn consumed(&self) -> Option<Consumed> {
        lock(&self.next).consumed.clone()
    }
    /// Makes the next append also enqueue a message. `message` is given what no other message of
    /// this call gets: the cause and a number, the same whenever the cause comes again; nothing if
    /// the call has no cause.
    pub(crate) fn enqueue<E>(
        &self,
        message: impl FnOnce(Option<String>) -> Result<WorkMessage, E>,
    ) -> Result<(), E> {
        let mut next = lock(&self.next);
        let own = self.causation.as_ref().map(|cause| {
            // Two reactions to one event must not enqueue the same message.
            format!("{cause}/{}/{}", next.consumer.as_deref().unwrap_or_default(), next.enqueued)
        });
        let message = message(own)?;
        next.enqueued += 1;
        next.work.push(message);
        Ok(())
    }
    /// Forgets the messages that the next append would enqueue: what they tell did not happen.
    pub(crate) fn withdraw(&self) {
        let mut next = lock(&self.next);
        let count = u32::try_from(next.work.len()).unwrap_or_default();
        // Whoever decides again gets the same numbers again.
        next.enqueued = next.enqueued.saturating_sub(count);
        next.work.clear();
    }
    /// The messages that the next append must enqueue; none once an append has.
    #[must_use]
    pub fn work(&self) -> Vec<WorkMessage> {
        lock(&self.next).work.clone()
    }
    /// Notes what was committed.
    pub fn committed(
        &self,
        appended: &Appended,
        version: Option<u64>,
        events: &[(&'static str, &'static str)],
    ) {
        let mut next = lock(&self.next);
        next.consumed = None;
        next.work.clear();
        drop(next);
        let mut receipt = lock(&self.receipt);
        receipt.position = receipt.position.max(Some(appended.position));
        receipt.version = version.or(receipt.version);
        receipt.events.extend_from_slice(events);
    }
    /// Notes which version was read.
    pub fn read_version(&self, version: u64) {
        lock(&self.receipt).version = Some(version);
    }
    /// What was committed so far.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        lock(&self.receipt).clone()
    }
}

/// A poisoned lock still holds whole values: no critical section ends halfway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
