//! What use cases need from the outside. Each port has its adapters in `infrastructure`.

mod access_tokens;
mod api_keys;
mod billing;
mod bus;
mod emails;
mod feed;
mod keys;
mod log;
mod notifications;
mod passwords;
mod secrets;
mod strangers;
mod usages;
mod vault;
mod webhooks;
mod work;

use std::time::Duration;

use async_trait::async_trait;
use domain::kernel::{IdToken, Timestamp, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::{Call, Caller, Result};

pub use access_tokens::{AccessToken, AccessTokens, Bearer, UsedTokens};
pub use api_keys::{ApiKeyUse, ApiKeyUses};
pub use billing::{Attempt, BillingProofs, BillingProvider, Buyer, Ending};
pub use bus::{Announcement, Bus, BusError, News};
pub use emails::{EmailContent, EmailProvider, Letter, MailTemplates, Mailbox, OutgoingEmail};
pub use feed::{Feed, Feeds, Page, Partition, Wanted};
pub use keys::{SigningKeyStore, StoredSigningKey};
pub use log::{
    Append, AppendError, Appended, Claim, ClaimRef, Consumed, DeadLetter, EventLog, IdempotencyKey,
    Lead, LogError, Metadata, NewEvent, Recorded, Sealed, Snapshot, StoredAnswer, StreamAppend,
    StreamId, Touched, Trail,
};
pub use notifications::{Notifications, Reacted};
pub use passwords::{PasswordHasher, PasswordStrength, Verdict};
pub use secrets::Secrets;
pub use strangers::Strangers;
pub use usages::{Usage, UsageProvider};
pub use vault::{SealedText, StoredSubjectKey, SubjectKeyStore, Vault};
pub use webhooks::{Proof, WebhookNotification, WebhookProofs, WebhookStatus, Webhooks};
pub use work::{
    DueWork, Fate, Patience, QueueStanding, Taken, WorkCalls, WorkMessage, WorkQueue, WorkQueues,
};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, UTC, whole microseconds.
    fn now(&self) -> Timestamp;
}

/// New identifiers.
pub trait Ids: Send + Sync {
    /// The random part of a new id: 128 bits as letters and digits.
    fn token(&self) -> IdToken;
    /// A time-ordered UUID (version 7, RFC 9562).
    fn event_id(&self) -> Uuid;
}

/// Proofs of identity. A proof that is no good is `None` or `false`, never an error.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The caller of an access token (JWT).
    ///
    /// # Errors
    /// [`crate::Error::Refused`] with kind `Unavailable` if it can't be checked now.
    async fn bearer(&self, token: &str) -> Result<Option<Caller>>;
    /// The caller of an API key.
    ///
    /// # Errors
    /// As [`Self::bearer`].
    async fn api_key(&self, key: &str) -> Result<Option<Caller>>;
    /// Whether the header `X-HMAC-Signature` signs this body. An absent body is passed as `{}`.
    fn hmac(&self, body: &[u8], signature: &str) -> bool;
    /// As [`Self::hmac`] for `X-InterHost-Signature`, with the secret of the hosts.
    fn inter_host(&self, body: &[u8], signature: &str) -> bool;
}

/// Encrypts what is kept but must not be readable at rest.
pub trait Sealer: Send + Sync {
    /// Encrypts and authenticates. `context` names the place; it opens only there.
    ///
    /// # Errors
    /// Unexpected, if there is no key.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>>;
    /// The plain bytes; `None` if they were changed, moved or sealed with another key.
    fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>>;
}

/// How far the read models are behind the log.
#[async_trait]
pub trait ReadModels: Send + Sync {
    /// Waits until the named projections have reached the position. `false` when the time is up.
    async fn reached(&self, projections: &[&str], position: u64, limit: Duration) -> bool;
    /// The active projections that handle one of these events (aggregate type, event name).
    /// Paused and building ones are left out: nobody waits for them.
    fn handling(&self, events: &[(&str, &str)]) -> Vec<&'static str>;
    /// Waits until a reaction is past an event.
    ///
    /// # Errors
    /// Unavailable, if it can't be asked.
    async fn reacted(&self, reaction: &str, event: &Recorded, limit: Duration) -> Result<Reacted>;
    /// Waits until every projection and reaction is quiet. `false` when the time is up.
    async fn settled(&self, limit: Duration) -> bool;
}

/// Crashes, measures, usages and audits. What is only a log line needs no recorder: the span of a
/// request carries its call, caller and region.
#[async_trait]
pub trait Recorder: Send + Sync {
    /// A fault of ours. `source` is what failed, for example the name of a use case; `error` must
    /// hold nothing that is personal.
    fn crash(&self, call: &Call, severity: Severity, source: &'static str, error: &str);
    /// Something that is counted; [`crate::App::measure`] also tells of it as a usage.
    fn measure(&self, call: &Call, event: &str, properties: &[(&str, Value)]);
    /// Something that a customer used, whatever becomes of the call: told a second later, and lost
    /// if the host is killed before. What a call does goes with its append: [`crate::App::usage`].
    fn usage(&self, call: &Call, event: &'static str, properties: &[(&'static str, Value)]);
    /// Something that must be provable later, whatever becomes of the call: it is durable when
    /// this returns. What a call audits of its own success goes with its append:
    /// [`crate::App::audit`].
    ///
    /// # Errors
    /// Unavailable, if it can't be kept now.
    async fn audit(&self, call: &Call, audit: Audited<'_>) -> Result<()>;
    /// Enqueues the usages that wait, as far as the log takes them.
    async fn flush(&self);
}

/// How much goes on after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// A process is broken, or what goes on behind the API.
    Critical,
    /// One request has failed; others fare as before.
    NonCritical,
}

impl Severity {
    /// As logs and metrics have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::NonCritical => "non-critical",
        }
    }
}

/// What happened, for an audit.
#[derive(Clone, Copy, Debug)]
pub struct Audited<'a> {
    /// Dotted, for example `HMACAuthentication.Failed.InvalidSignature`.
    pub code: &'static str,
    /// Whose doing it is; the caller if absent.
    pub against: Option<&'a UserId>,
    /// A sentence with `{0}`, `{1}` and so on for the arguments.
    pub template: &'static str,
    /// Never secrets.
    pub arguments: &'a [&'a str],
}

/// What only testing builds can do.
#[cfg(feature = "testing-only")]
#[async_trait]
pub trait Testing: Send + Sync {
    /// Empties every store; positions go on from where they were.
    ///
    /// # Errors
    /// If a store can't be reached.
    async fn destroy(&self) -> Result<()>;
    /// The domain events that were delivered to subscriptions, oldest first.
    ///
    /// # Errors
    /// If the store can't be reached.
    async fn notifications(
        &self,
        search: &crate::search::Search,
    ) -> Result<crate::search::Found<crate::testing_only::notifications::NotificationView>>;
    /// Waits until everything that happened was published on the bus, if there is one, and every
    /// projection and reaction is quiet.
    ///
    /// # Errors
    /// Unavailable, with what is still busy when the time is up; or if a store can't be reached.
    async fn drain(&self, limit: Duration) -> Result<()>;
    /// The usages that this process told the provider of, oldest first, as far as they are kept.
    fn usages(&self) -> Vec<Usage>;
    /// Moves the clock of this deployment forward by so many seconds.
    ///
    /// # Errors
    /// If the offset can't be stored.
    async fn advance_clock(&self, seconds: i64) -> Result<()>;
    /// Sets the clock back to the real time.
    ///
    /// # Errors
    /// If the offset can't be stored.
    async fn reset_clock(&self) -> Result<()>;
}
