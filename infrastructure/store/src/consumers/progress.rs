//! How far the read models are, in this process or in another, for those who wait for them.

mod following;

use std::{
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use application::{
    ports::{EventLog, LogError, Partition, Reacted, ReadModels, Recorded},
    reaction::Reaction,
};
use async_trait::async_trait;
use tokio::sync::{Mutex, watch};

use super::{ledger::State, letters};
use crate::{db::Db, projections::Projection};

/// Where a projection is, as far as this process knows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    /// Of each part.
    positions: Vec<u64>,
    /// `None` until it was looked up.
    state: Option<State>,
}

impl Point {
    /// Every part is here or further.
    fn position(&self) -> u64 {
        self.positions.iter().copied().min().unwrap_or_default()
    }
}

struct Followed {
    projection: Projection,
    point: watch::Sender<Point>,
}

struct Reacting {
    name: &'static str,
    positions: watch::Sender<Vec<u64>>,
}

/// What of the work is done in this process.
#[derive(Clone, Debug)]
struct Here {
    /// Whether it looks after the tables of projections.
    keeping: bool,
    /// The parts of projections that it feeds.
    parts: Vec<bool>,
    /// The parts of reactions that run in it.
    reacting: Vec<bool>,
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
    log_db: Db,
    log: Arc<dyn EventLog>,
    partition: Partition,
    projections: Vec<Followed>,
    reactions: Vec<Reacting>,
    here: RwLock<Here>,
    ready: AtomicBool,
    /// Where the log was when somebody first asked whether this process is ready.
    goal: OnceLock<u64>,
    pace: Mutex<Pace>,
}

impl Progress {
    /// Of these consumers, whose tables are in `db`, and checkpoints of reactions in `log_db`.
    #[must_use]
    pub fn new(
        db: Db,
        log_db: Db,
        log: Arc<dyn EventLog>,
        partition: Partition,
        projections: &[Projection],
        reactions: &[Reaction],
    ) -> Self {
        let parts = usize::from(partition.parts());
        let unknown = Point { positions: vec![0; parts], state: None };
        let followed = |projection: &Projection| Followed {
            projection: *projection,
            point: watch::Sender::new(unknown.clone()),
        };
        let reacting = |reaction: &Reaction| Reacting {
            name: reaction.name,
            positions: watch::Sender::new(vec![0; parts]),
        };
        let nothing =
            Here { keeping: false, parts: vec![false; parts], reacting: vec![false; parts] };
        Self {
            db,
            log_db,
            log,
            partition,
            projections: projections.iter().map(followed).collect(),
            reactions: reactions.iter().map(reacting).collect(),
            here: RwLock::new(nothing),
            ready: AtomicBool::new(false),
            goal: OnceLock::new(),
            pace: Mutex::new(Pace { pause: following::SHORTEST, last: None }),
        }
    }

    /// Whether queries can be answered: every projection of this binary is served and has caught
    /// up with the log as it was when this was asked first: the head moves on faster than whoever
    /// is told of it. Paused ones count as they are.
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
            let point = followed.point.borrow().clone();
            let behind = head.saturating_sub(point.position());
            Standing { name: followed.projection.name, state: point.state, behind }
        };
        Some(self.projections.iter().map(standing).collect())
    }

    /// Whether this process does all the work on projections now.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        let here = self.here();
        here.keeping && here.parts.iter().all(|part| *part)
    }

    /// How many parts of projections this process feeds now.
    #[must_use]
    pub fn parts_here(&self) -> u16 {
        let fed = self.here().parts.iter().filter(|part| **part).count();
        u16::try_from(fed).unwrap_or(u16::MAX)
    }

    fn here(&self) -> RwLockReadGuard<'_, Here> {
        self.here.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_here(&self, keeping: bool, parts: impl Iterator<Item = u16>) {
        let mut here = self.here.write().unwrap_or_else(PoisonError::into_inner);
        here.keeping = keeping;
        mark(&mut here.parts, parts);
    }

    pub(super) fn set_reacting_here(&self, parts: impl Iterator<Item = u16>) {
        let mut here = self.here.write().unwrap_or_else(PoisonError::into_inner);
        mark(&mut here.reacting, parts);
    }

    pub(super) fn moved(&self, name: &str, part: u16, to: u64) {
        if let Some(followed) = self.followed(name) {
            followed.point.send_if_modified(|point| {
                point.positions.get_mut(usize::from(part)).is_some_and(|at| replace(at, to))
            });
        }
    }

    pub(super) fn state(&self, name: &str, state: State) {
        if let Some(followed) = self.followed(name) {
            followed.point.send_modify(|point| point.state = Some(state));
        }
    }

    pub(super) fn reacted(&self, name: &str, part: u16, to: u64) {
        if let Some(reacting) = self.reactions.iter().find(|r| r.name == name) {
            reacting.positions.send_if_modified(|positions| {
                positions.get_mut(usize::from(part)).is_some_and(|at| replace(at, to))
            });
        }
    }

    fn followed(&self, name: &str) -> Option<&Followed> {
        self.projections.iter().find(|followed| followed.projection.name == name)
    }

    async fn caught_up(&self) -> Result<bool, LogError> {
        let goal = if let Some(goal) = self.goal.get() {
            *goal
        } else {
            let head = self.log.head().await?;
            *self.goal.get_or_init(|| head)
        };
        Ok(self.projections.iter().all(|followed| {
            let point = followed.point.borrow();
            match point.state {
                Some(State::Paused) => true,
                Some(State::Active) => point.position() >= goal,
                Some(State::Building | State::Retired) | None => false,
            }
        }))
    }

    async fn quiet_at(&self, head: u64) -> Result<(), LogError> {
        for followed in &self.projections {
            // A paused one is as quiet as it gets.
            self.wait_for(followed, head).await;
        }
        for reacting in &self.reactions {
            self.wait_for_reaction(reacting, |all| all.iter().all(|at| *at >= head)).await;
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

/// Whether it was something else before.
fn replace(at: &mut u64, to: u64) -> bool {
    std::mem::replace(at, to) != to
}

fn mark(all: &mut [bool], held: impl Iterator<Item = u16>) {
    all.fill(false);
    for part in held {
        if let Some(is_held) = all.get_mut(usize::from(part)) {
            *is_held = true;
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

    async fn reacted(
        &self,
        reaction: &str,
        event: &Recorded,
        limit: Duration,
    ) -> application::Result<Reacted> {
        let Some(reacting) = self.reactions.iter().find(|one| one.name == reaction) else {
            return Ok(Reacted::Done);
        };
        let part = usize::from(self.partition.part(&event.stream));
        let arrived = |all: &Vec<u64>| all.get(part).is_some_and(|at| *at >= event.position);
        if tokio::time::timeout(limit, self.wait_for_reaction(reacting, arrived)).await.is_err() {
            return Ok(Reacted::Late);
        }
        let letter = letters::one(&self.log_db, reaction, event.position).await?;
        Ok(if letter.is_some() { Reacted::GaveUp } else { Reacted::Done })
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
