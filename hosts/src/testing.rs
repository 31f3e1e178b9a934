//! What testing builds can do to a deployment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use adapters::{rabbit::RabbitCalls, testing::OffsetClock, usages::Remembered};
use application::{
    Error, Result,
    ports::{Clock, DueWork, ReadModels, Testing, Usage, WorkCalls, WorkQueue},
    search::{Found, Search},
    testing_only::notifications::NotificationView,
};
use async_trait::async_trait;
use store::{
    consumers::Progress, db::Db, notifications::NotificationTable, relay, strangers::StrangerTable,
    testing_clock::TestingClock, work::TableQueues,
};
use tokio::sync::watch;

use crate::{cli::Stop, log::Log, stores::Stores};

/// How soon a host follows another one's clock.
const FOLLOW: Duration = Duration::from_millis(100);
/// When every host has followed.
const FOLLOWED: Duration = Duration::from_millis(300);
/// How often is looked whether something has got there.
const LOOK: Duration = Duration::from_millis(10);
/// How long work may be on its way to the broker.
const MOVING: Duration = Duration::from_secs(30);
/// How long emptying waits until the read models are empty, too.
const EMPTYING: Duration = Duration::from_secs(10);

/// The clock of a testing build: stored, and as this process shows it.
pub struct SharedClock {
    stored: TestingClock,
    shown: Arc<OffsetClock>,
}

/// A clock that can be moved, on top of a real one.
///
/// # Errors
/// A sentence, if its place in the store can't be made.
pub async fn clock(
    clock: Arc<dyn Clock>,
    stores: &Stores,
) -> std::result::Result<(Arc<dyn Clock>, SharedClock), Stop> {
    let failed = |error| Stop::because("The testing clock can't be used", error);
    let kept = TestingClock::open(stores.log.clone()).await.map_err(failed)?;
    let shown = Arc::new(OffsetClock::new(clock));
    shown.set_ahead(kept.ahead().await.map_err(failed)?);
    Ok((shown.clone(), SharedClock { stored: kept, shown }))
}

/// Empties the stores and moves the clock.
pub struct TestingStores {
    log: Log,
    clock: SharedClock,
    progress: Arc<Progress>,
    notifications: NotificationTable,
    /// The database of a log that is relayed to a broker.
    relayed: Option<Db>,
    usages: Arc<Remembered>,
    strangers: Arc<StrangerTable>,
    /// Up to where events are known to be drained.
    drained: AtomicU64,
}

impl TestingStores {
    /// Over these.
    #[must_use]
    pub fn new(
        log: Log,
        clock: SharedClock,
        progress: Arc<Progress>,
        notifications: NotificationTable,
        relayed: Option<Db>,
        usages: Arc<Remembered>,
        strangers: Arc<StrangerTable>,
    ) -> Self {
        let drained = AtomicU64::new(0);
        Self { log, clock, progress, notifications, relayed, usages, strangers, drained }
    }
    /// Follows the clock of the deployment until `stop` turns true.
    pub async fn follow(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.clock.stored.ahead().await {
                Ok(seconds) => self.clock.shown.set_ahead(seconds),
                Err(error) => tracing::warn!(%error, "the testing clock could not be read"),
            }
            tokio::select! {
                () = tokio::time::sleep(FOLLOW) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// The next request may come to another host, and means the clock that was set here.
    async fn followed(&self) {
        if matches!(self.log, Log::Postgres(_)) {
            tokio::time::sleep(FOLLOWED).await;
        }
    }
}

#[async_trait]
impl Testing for TestingStores {
    async fn destroy(&self) -> Result<()> {
        self.log.reset().await?;
        self.usages.clear();
        self.strangers.clear().await?;
        if self.progress.settled(EMPTYING).await {
            Ok(())
        } else {
            Err(Error::unavailable("the read models are not empty yet"))
        }
    }
    async fn notifications(&self, search: &Search) -> Result<Found<NotificationView>> {
        self.notifications.page(self.log.port().as_ref(), search).await
    }
    async fn drain(&self, limit: Duration) -> Result<()> {
        let (until, log) = (Instant::now() + limit, self.log.port());
        let mut head = log.head().await?;
        loop {
            if let Some(log) = &self.relayed {
                published(log, head, until).await?;
            }
            let left = until.saturating_duration_since(Instant::now());
            if !self.progress.settled(left).await {
                return Err(Error::unavailable("projections and reactions are still busy"));
            }
            // What reactions did meanwhile has to be published, too.
            let now = log.head().await?;
            if now == head {
                let before = self.drained.load(Ordering::SeqCst);
                self.notifications.drained(before, head).await?;
                self.drained.fetch_max(head, Ordering::SeqCst);
                return Ok(());
            }
            head = now;
        }
    }
    fn usages(&self) -> Vec<Usage> {
        self.usages.list()
    }
    async fn advance_clock(&self, seconds: i64) -> Result<()> {
        self.clock.stored.advance(seconds).await?;
        self.clock.shown.set_ahead(self.clock.stored.ahead().await?);
        self.followed().await;
        Ok(())
    }
    async fn reset_clock(&self) -> Result<()> {
        self.clock.stored.reset().await?;
        self.clock.shown.set_ahead(0);
        self.followed().await;
        Ok(())
    }
}

/// Waits until the relay has published every event up to a position.
async fn published(log: &Db, position: u64, until: Instant) -> Result<()> {
    loop {
        let standing = relay::standing(log).await?;
        if standing.is_some_and(|relay| relay.position >= position) {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Error::unavailable("events are still on their way to the broker"));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What a broker tells of work, which nobody finds to be nothing while some is on its way there.
pub struct AwaitedCalls {
    calls: RabbitCalls,
    table: TableQueues,
}

impl AwaitedCalls {
    /// Of a broker, about a table.
    #[must_use]
    pub fn new(calls: RabbitCalls, table: TableQueues) -> Self {
        Self { calls, table }
    }
}

#[async_trait]
impl WorkCalls for AwaitedCalls {
    async fn next(&self, queue: WorkQueue, most: usize) -> Result<Vec<DueWork>> {
        let until = Instant::now() + MOVING;
        loop {
            let is_due = self.table.is_due(queue).await?;
            let called = self.calls.next(queue, most).await?;
            if !called.is_empty() || !is_due {
                return Ok(called);
            }
            if Instant::now() > until {
                return Err(Error::unavailable("work is still on its way to the broker"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
