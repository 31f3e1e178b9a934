//! Feeds of the consumers of a group, which share the deliveries of the broker.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use application::ports::{Feed, Feeds, LogError, Page, Recorder, Wanted};
use async_trait::async_trait;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    Settings,
    consume::Consumes,
    refused::Refused,
    session,
    window::{Limits, Window},
};
use crate::signatures::Signatures;

/// The broker tells at least every second how far the log is. If it does not, another process is
/// its active consumer, or the relay or the broker is away: the fallback feeds meanwhile.
const SILENT: Duration = Duration::from_secs(4);
/// How much later than in the log an event may come. A broker that is busy must not keep read
/// models behind what the log can give at once.
const LATE: Duration = Duration::from_millis(10);
/// How long messages gather after the first: the events of one append come one by one, and a
/// transaction for each would cost more than the wait.
const GATHER: Duration = Duration::from_millis(1);
/// A member shows itself at least so often.
const SEEN: Duration = Duration::from_secs(1);
/// Of one part: messages, which is also the prefetch, and bytes.
pub(super) const LIMITS: Limits = Limits { messages: 1_000, bytes: 16 * 1024 * 1024 };

/// A group of consumers, with a queue of its own for every part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Projections.
    Projectors,
    /// Reactions.
    Reactions,
}

impl Group {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Projectors, Self::Reactions];

    /// Its place in the names of its queues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Projectors => "projectors",
            Self::Reactions => "reactions",
        }
    }
}

/// The log, for what the broker does not bring.
#[derive(Clone)]
pub struct Fallback {
    /// The log's own feed.
    pub feed: Arc<dyn Feed>,
    /// How far the log is, as far as this process knows.
    pub head: watch::Receiver<u64>,
}

/// Feeds the consumers of one group in this process with the parts that are attached.
///
/// Whatever the broker does, a consumer gets its events: what the broker does not tell, or not in
/// time, the fallback does.
pub struct RabbitFeeds {
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

/// What the feeds and the connection share.
pub(super) struct Shared {
    pub settings: Settings,
    pub group: Group,
    pub signatures: Arc<Signatures>,
    fallback: Fallback,
    pub refused: Refused,
    /// The parts that this process serves.
    pub parts: watch::Sender<BTreeSet<u16>>,
    windows: Mutex<BTreeMap<u16, Arc<Part>>>,
    /// How many feeds there were.
    members: AtomicU64,
}

/// One part as this process knows it.
pub(super) struct Part {
    window: Mutex<Window>,
    /// Changes with every message, and when the broker goes away.
    news: watch::Sender<Option<Instant>>,
    /// Changes when something may be acknowledged.
    pub done: watch::Sender<()>,
}

impl RabbitFeeds {
    /// Begins to connect, and keeps connecting; no part is attached yet. `recorder` audits messages
    /// that are not ours.
    #[must_use]
    pub fn start(
        settings: Settings,
        signatures: Arc<Signatures>,
        group: Group,
        fallback: Fallback,
        recorder: Arc<dyn Recorder>,
    ) -> Self {
        let shared = Arc::new(Shared {
            settings,
            group,
            signatures,
            fallback,
            refused: Refused::new(group, recorder),
            parts: watch::Sender::new(BTreeSet::new()),
            windows: Mutex::new(BTreeMap::new()),
            members: AtomicU64::new(0),
        });
        let mut task = JoinSet::new();
        let of = shared.clone();
        task.spawn(async move { session::keep(&of.settings, Consumes(of.clone())).await });
        Self { shared, _task: task }
    }
}

impl Feeds for RabbitFeeds {
    fn feed(&self, _consumer: &str) -> Arc<dyn Feed> {
        let member = self.shared.members.fetch_add(1, Ordering::Relaxed);
        Arc::new(MemberFeed { shared: self.shared.clone(), member })
    }
    /// Of all processes that attach a part one gets its messages, and the next one when that one
    /// leaves.
    fn attach(&self, part: u16) {
        self.shared.parts.send_if_modified(|parts| parts.insert(part));
    }
    /// Feeds of the part go on with the fallback.
    fn detach(&self, part: u16) {
        self.shared.parts.send_if_modified(|parts| parts.remove(&part));
    }
}

impl Shared {
    pub fn part(&self, part: u16) -> Arc<Part> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Part {
                window: Mutex::new(Window::new(LIMITS)),
                news: watch::Sender::new(None),
                done: watch::Sender::new(()),
            })
        };
        windows.entry(part).or_insert_with(new).clone()
    }
    fn known(&self) -> Vec<Arc<Part>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
    /// The broker is away: nobody waits for it.
    pub fn away(&self) {
        for part in self.known() {
            part.away();
        }
    }
}

impl Part {
    pub fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// A message of the broker came.
    pub fn told(&self) {
        self.news.send_replace(Some(Instant::now()));
    }
    /// No message will come for now.
    pub fn away(&self) {
        self.news.send_replace(None);
    }
}

impl Fallback {
    /// Returns when the log has been ahead of a position for longer than events may take.
    async fn is_ahead(&self, after: u64) {
        if self.head.clone().wait_for(|head| *head > after).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(LATE).await;
    }
}

/// See [`Feeds::feed`].
struct MemberFeed {
    shared: Arc<Shared>,
    member: u64,
}

impl Drop for MemberFeed {
    fn drop(&mut self) {
        for part in self.shared.known() {
            part.window().leave(self.member);
            part.done.send_replace(());
        }
    }
}

#[async_trait]
impl Feed for MemberFeed {
    async fn next(&self, wanted: Wanted, after: u64, max: usize) -> Result<Page, LogError> {
        let of = self.shared.part(wanted.part);
        let mut news = of.news.subscribe();
        let mut fallback = self.shared.fallback.feed.next(wanted, after, max);
        let mut late = pin!(self.shared.fallback.is_ahead(after));
        loop {
            let told = *news.borrow_and_update();
            let now = Instant::now();
            if let Some(page) = of.window().next(self.member, wanted, after, max, now) {
                return Ok(page);
            }
            if told.is_some_and(|at| at.elapsed() < SILENT) {
                // Asking again shows that this member is there, also when nothing happens.
                tokio::select! {
                    told = timeout(SEEN, news.changed()) => {
                        if told.is_ok() {
                            tokio::time::sleep(GATHER).await;
                        }
                        continue;
                    }
                    () = &mut late => return fallback.await,
                }
            }
            tokio::select! {
                page = &mut fallback => return page,
                _ = timeout(SEEN, news.changed()) => {}
            }
        }
    }

    async fn handled(&self, part: u16, through: u64) -> Result<(), LogError> {
        let of = self.shared.part(part);
        of.window().handled(self.member, through, Instant::now());
        of.done.send_replace(());
        self.shared.fallback.feed.handled(part, through).await
    }
}
