//! Work that is done after the answer: audits, e-mails, usages and so on.

use std::time::Duration;

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
    /// How often a message of it is tried. Where others do the work, who may be away for an hour,
    /// that is longer than where we do.
    #[must_use]
    pub fn patience(self) -> Patience {
        match self {
            Self::Emails | Self::Smses | Self::Usages => Patience::LONG,
            Self::Audits | Self::TenantProvisionings => Patience::SHORT,
        }
    }
    /// The queue of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|queue| queue.name() == name)
    }
}

/// How often a message is tried before it is set aside, and how long it rests between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often it is tried.
    pub tries: u32,
    /// The longest rest.
    longest: Duration,
}

impl Patience {
    /// Five tries within a minute and a half.
    pub const SHORT: Self = Self { tries: 5, longest: Duration::from_mins(2) };
    /// Ten tries within an hour and a half. A broker that is never told what became of a message
    /// takes it back after half an hour, and no more than ten times.
    pub const LONG: Self = Self { tries: 10, longest: Duration::from_mins(25) };

    /// The rest after so many tries: `first` after the first, then four times as long each.
    #[must_use]
    pub fn rest(self, first: Duration, tries: u32) -> Duration {
        let times = 4_u32.saturating_pow(tries.saturating_sub(1));
        first.saturating_mul(times).min(self.longest.max(first))
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

/// A message on its way to whoever takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueWork {
    /// The message.
    pub message: WorkMessage,
    /// How often it was taken before.
    pub tries: u32,
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
    /// The oldest messages that are due, `most` of them at most; none if there is none now. One that
    /// was tried before comes alone or last, since it may be what ends its takers.
    ///
    /// # Errors
    /// Unavailable, if the queues can't be reached.
    async fn take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>>;
    /// They were handled: forgets them.
    ///
    /// # Errors
    /// As [`Self::take`]; the messages come again then.
    async fn handled(&self, taken: &[Taken]) -> Result<()>;
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

/// Where takers learn which work is due, if a broker tells them. It may repeat and forget: what is
/// true is kept elsewhere.
#[async_trait]
pub trait WorkCalls: Send + Sync {
    /// The oldest messages of a queue, `most` of them at most; none if there is none now. They are
    /// told of once. One that was tried before comes alone or last.
    ///
    /// # Errors
    /// Unavailable, if the broker can't be reached.
    async fn next(&self, queue: WorkQueue, most: usize) -> Result<Vec<DueWork>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_do_is_tried_for_more_than_an_hour() {
        let all = |patience: Patience| -> Duration {
            (1..patience.tries).map(|tries| patience.rest(Duration::from_secs(1), tries)).sum()
        };
        assert_eq!(all(WorkQueue::Audits.patience()), Duration::from_secs(85));
        let long = all(WorkQueue::Emails.patience());
        assert!(long > Duration::from_mins(90) && long < Duration::from_hours(2), "{long:?}");
        assert_eq!(WorkQueue::Usages.patience(), WorkQueue::Emails.patience());
    }
}
