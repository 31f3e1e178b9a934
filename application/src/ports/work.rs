//! Work that is done after the answer: audits, e-mails, usages and so on.

use async_trait::async_trait;

use crate::Result;

/// A queue of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkQueue {
    /// What must be provable later.
    Audits,
    /// E-mails to be sent.
    Emails,
    /// Text messages to be sent.
    Smses,
    /// What customers used.
    Usages,
    /// Settings of new organizations.
    TenantProvisionings,
}

impl WorkQueue {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Audits, Self::Emails, Self::Smses, Self::Usages, Self::TenantProvisionings];

    /// The name of the queue.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Audits => "audits",
            Self::Emails => "emails",
            Self::Smses => "smses",
            Self::Usages => "usages",
            Self::TenantProvisionings => "tenant-provisionings",
        }
    }
    /// The queue of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|queue| queue.name() == name)
    }
}

/// A message on a queue of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkMessage {
    /// `<queue>_<32 hex digits>`, derived from what caused it, so that repeating is noticed.
    pub id: String,
    /// Where it waits.
    pub queue: WorkQueue,
    /// JSON text of the message, with the members that every message has.
    pub body: String,
    /// Whose key the body is encrypted with on its way, if it holds what is personal or secret;
    /// none once it is.
    pub subject: Option<String>,
}

/// A message that this process has for a while; nobody else gets it meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The message.
    pub message: WorkMessage,
    /// How often it was taken, this time included.
    pub tries: u32,
    /// What the queue knows this taking by.
    pub receipt: u64,
}

/// What became of a message that could not be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It comes again after a pause.
    Again,
    /// It was tried too often and waits for an operator.
    Poison,
}

/// How a queue of work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStanding {
    /// Which queue.
    pub queue: WorkQueue,
    /// Messages that wait or are being handled.
    pub waiting: u64,
    /// Messages that wait for an operator.
    pub poison: u64,
}

/// The queues of work, for those who handle it. Each message is delivered at least once.
#[async_trait]
pub trait WorkQueues: Send + Sync {
    /// The oldest message that is due; `None` if there is none now.
    ///
    /// # Errors
    /// Unavailable, if the queues can't be reached.
    async fn take(&self, queue: WorkQueue) -> Result<Option<Taken>>;
    /// It was handled: forgets it.
    ///
    /// # Errors
    /// As [`Self::take`]; the message comes again then.
    async fn handled(&self, taken: &Taken) -> Result<()>;
    /// It could not be handled: it comes again, or is set aside if it was tried too often.
    ///
    /// # Errors
    /// As [`Self::take`]; the message comes again then.
    async fn failed(&self, taken: &Taken, why: &str) -> Result<Fate>;
    /// It could not even be tried, because whoever handles it is away: it comes again, and this
    /// taking does not count.
    ///
    /// # Errors
    /// As [`Self::take`]; the message comes again then, and the taking counts.
    async fn postponed(&self, taken: &Taken) -> Result<()>;
    /// How every queue stands.
    ///
    /// # Errors
    /// As [`Self::take`].
    async fn standings(&self) -> Result<Vec<QueueStanding>>;
    /// What was set aside, oldest first, up to a thousand: each message and why.
    ///
    /// # Errors
    /// As [`Self::take`].
    async fn poisoned(&self, queue: WorkQueue) -> Result<Vec<(WorkMessage, String)>>;
    /// Lets a message that was set aside begin again; `false` if there is none of that id.
    ///
    /// # Errors
    /// As [`Self::take`].
    async fn revive(&self, queue: WorkQueue, id: &str) -> Result<bool>;
    /// Forgets a message that was set aside; `false` if there is none of that id.
    ///
    /// # Errors
    /// As [`Self::take`].
    async fn discard(&self, queue: WorkQueue, id: &str) -> Result<bool>;
}
