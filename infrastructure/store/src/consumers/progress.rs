//! How far the read models are, in this process or in another, for those who wait for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use application::{
    ports::{EventLog, LogError, ReadModels},
    reaction::Reaction,
};
use async_trait::async_trait;
use tokio::sync::{Mutex, watch};

use super::{
    PART,
    ledger::{self, State},
};
use crate::{
    db::{Db, DbError},
    projections::Projection,
};

/// The shortest pause between two looks at another process's progress.
const SHORTEST: Duration = Duration::from_millis(2);
/// The longest.
const LONGEST: Duration = Duration::from_millis(20);
/// How often somebody who waits checks that the engine still runs here.
const CHECK: Duration = Duration::from_millis(100);

/// Where a projection is, as far as this process knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    position: u64,
    /// `None` until it was looked up.
    state: Option<State>,
}

struct Followed {
    projection: Projection,
    point: watch::Sender<Point>,
}

struct Reacting {
    name: &'static str,
    position: watch::Sender<u64>,
}

/// How a projection stands, for those who ask whether this process can do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The projection's permanent name.
    pub name: &'static str,
    /// What its best generation is there for; `None` if there is none yet.
    pub state: Option<State>,
    /// Events between it and the head of the log.
    pub behind: u64,
}

/// How the poller paces itself.
struct Pace {
    pause: Duration,
    last: Option<Instant>,
}

/// The progress of all consumers. One per process: the engine tells it what it does, and when the
/// engine runs elsewhere, whoever waits looks into the database, one at a time for all.
pub struct Progress {
    db: Db,
    log: Arc<dyn EventLog>,
    projections: Vec<Followed>,
    reactions: Vec<Reacting>,
    here: AtomicBool,
    ready: AtomicBool,
    pace: Mutex<Pace>,
}

impl Progress {
    /// Of these consumers, whose tables are in `db`.
    #[must_use]
    pub fn new(
        db: Db,
        log: Arc<dyn EventLog>,
        projections: &[Projection],
        reactions: &[Reaction],
    ) -> Self {
        let unknown = Point { position: 0, state: None };
        let followed = |projection: &Projection| Followed {
            projection: *projection,
            point: watch::Sender::new(unknown),
        };
        let reacting =
            |reaction: &Reaction| Reacting { name: reaction.name, position: watch::Sender::new(0) };
        Self {
            db,
            log,
            projections: projections.iter().map(followed).collect(),
            reactions: reactions.iter().map(reacting).collect(),
            here: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            pace: Mutex::new(Pace { pause: SHORTEST, last: None }),
        }
    }

    /// Whether queries can be answered: every projection of this binary is served and has once
    /// caught up with the log as it was at that moment. Paused ones count as they are.
    pub async fn is_ready(&self) -> bool {
        if self.ready.load(Ordering::Acquire) {
            return true;
        }
        let ready = self.look().await.is_ok() && self.caught_up().await.unwrap_or(false);
        if ready {
            self.ready.store(true, Ordering::Release);
        }
        ready
    }

    /// How every projection of this binary stands; `None` if log or database can't be asked.
    pub async fn standings(&self) -> Option<Vec<Standing>> {
        self.look().await.ok()?;
        let head = self.log.head().await.ok()?;
        let standing = |followed: &Followed| {
            let point = *followed.point.borrow();
            let behind = head.saturating_sub(point.position);
            Standing { name: followed.projection.name, state: point.state, behind }
        };
        Some(self.projections.iter().map(standing).collect())
    }

    /// Whether this process runs the engine now.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        self.here.load(Ordering::Acquire)
    }

    pub(super) fn set_here(&self, here: bool) {
        self.here.store(here, Ordering::Release);
    }

    pub(super) fn moved(&self, name: &str, to: u64) {
        if let Some(followed) = self.followed(name) {
            followed.point.send_if_modified(|point| {
                let moved = point.position != to;
                point.position = to;
                moved
            });
        }
    }

    pub(super) fn state(&self, name: &str, state: State) {
        if let Some(followed) = self.followed(name) {
            followed.point.send_modify(|point| point.state = Some(state));
        }
    }

    pub(super) fn reacted(&self, name: &str, to: u64) {
        if let Some(reacting) = self.reactions.iter().find(|r| r.name == name) {
            reacting.position.send_replace(to);
        }
    }

    fn followed(&self, name: &str) -> Option<&Followed> {
        self.projections.iter().find(|followed| followed.projection.name == name)
    }

    async fn caught_up(&self) -> Result<bool, LogError> {
        let head = self.log.head().await?;
        Ok(self.projections.iter().all(|followed| {
            let point = *followed.point.borrow();
            match point.state {
                Some(State::Paused) => true,
                Some(State::Active) => point.position >= head,
                Some(State::Building | State::Retired) | None => false,
            }
        }))
    }

    /// Reads from the database how far everything is.
    async fn look(&self) -> Result<bool, DbError> {
        let mut moved = false;
        for followed in &self.projections {
            let lines = ledger::read(&self.db, followed.projection.name).await?;
            let mut own = lines.iter().filter(|line| line.version == followed.projection.version);
            let served = own.clone().find(|line| line.state.is_served());
            let Some(line) = served.or_else(|| own.next_back()) else { continue };
            let found = Point { position: line.position, state: Some(line.state) };
            moved |= followed.point.send_if_modified(|point| {
                // What the engine tells is newer than what was just read.
                let newer = !self.runs_here() || point.state.is_none();
                let changed = newer && *point != found;
                if changed {
                    *point = found;
                }
                changed
            });
        }
        Ok(moved)
    }

    async fn look_at_reactions(&self) -> Result<(), LogError> {
        for reacting in &self.reactions {
            let position = self.log.checkpoint(reacting.name, PART).await?.unwrap_or(0);
            reacting.position.send_if_modified(|known| {
                let newer = position > *known;
                *known = position.max(*known);
                newer
            });
        }
        Ok(())
    }

    /// Looks once, and pauses; others wait meanwhile and see what it found. While the engine runs
    /// here there is nothing to look up.
    async fn follow(&self) {
        if self.runs_here() {
            tokio::time::sleep(CHECK).await;
            return;
        }
        let mut pace = self.pace.lock().await;
        let idle = pace.last.is_none_or(|last| last.elapsed() > LONGEST * 5);
        let moved = match self.look().await {
            Ok(moved) => moved,
            Err(error) => {
                tracing::debug!(%error, "progress could not be read");
                false
            }
        };
        pace.pause = if idle || moved { SHORTEST } else { (pace.pause * 2).min(LONGEST) };
        pace.last = Some(Instant::now());
        tokio::time::sleep(pace.pause).await;
    }

    /// Waits until a projection is at a position; `false` at once if nobody feeds it.
    async fn wait_for(&self, followed: &Followed, position: u64) -> bool {
        let mut point = followed.point.subscribe();
        let arrived = |point: &Point| match point.state {
            Some(State::Active) => point.position >= position,
            Some(State::Paused | State::Retired) => true,
            Some(State::Building) | None => false,
        };
        loop {
            tokio::select! {
                biased;
                point = point.wait_for(arrived) => {
                    return point.is_ok_and(|point| {
                        point.position >= position && point.state != Some(State::Retired)
                    });
                }
                () = self.follow() => {}
            }
        }
    }

    async fn quiet_at(&self, head: u64) -> Result<(), LogError> {
        for followed in &self.projections {
            // A paused one is as quiet as it gets.
            self.wait_for(followed, head).await;
        }
        for reacting in &self.reactions {
            let mut position = reacting.position.subscribe();
            loop {
                tokio::select! {
                    _ = position.wait_for(|at| *at >= head) => break,
                    () = tokio::time::sleep(LONGEST) => {}
                }
                if !self.runs_here() {
                    self.look_at_reactions().await?;
                }
            }
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), LogError> {
        let mut head = self.log.head().await?;
        loop {
            self.quiet_at(head).await?;
            let now = self.log.head().await?;
            if now == head {
                return Ok(());
            }
            head = now;
        }
    }
}

#[async_trait]
impl ReadModels for Progress {
    async fn reached(&self, projections: &[&str], position: u64, limit: Duration) -> bool {
        let all = async {
            for name in projections {
                let Some(followed) = self.followed(name) else { return false };
                if !self.wait_for(followed, position).await {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(limit, all).await.unwrap_or(false)
    }

    fn handling(&self, events: &[(&str, &str)]) -> Vec<&'static str> {
        self.projections
            .iter()
            .filter(|followed| matches!(followed.point.borrow().state, Some(State::Active) | None))
            .filter(|followed| {
                followed.projection.handles.iter().any(|handled| events.contains(handled))
            })
            .map(|followed| followed.projection.name)
            .collect()
    }

    async fn settled(&self, limit: Duration) -> bool {
        match tokio::time::timeout(limit, self.settle()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the log could not be asked whether all is quiet");
                false
            }
            Err(_) => false,
        }
    }
}
