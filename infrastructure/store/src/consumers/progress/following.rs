//! Finding out how far consumers are that other processes run, for those who wait here.

use std::time::{Duration, Instant};

use super::{Followed, Point, Progress, Reacting, replace};
use crate::{
    consumers::{
        dividing,
        ledger::{self, Line, State},
    },
    db::DbError,
};

/// The shortest pause between two looks at another process's progress.
pub(super) const SHORTEST: Duration = Duration::from_millis(2);
/// The longest.
const LONGEST: Duration = Duration::from_millis(20);
/// How often somebody who waits checks that the engine still runs here.
const CHECK: Duration = Duration::from_millis(100);

impl Progress {
    /// Reads from the database how far everything is.
    pub(super) async fn look(&self) -> Result<bool, DbError> {
        let mut moved = false;
        for followed in &self.projections {
            let lines = ledger::read(&self.db, followed.projection.name).await?;
            let mut own = lines.iter().filter(|line| line.version == followed.projection.version);
            let served = own.clone().find(|line| line.state.is_served());
            let Some(line) = served.or_else(|| own.next_back()) else { continue };
            moved |= followed.point.send_if_modified(|point| self.take_over(point, line));
        }
        Ok(moved)
    }

    /// What the engine tells here is newer than what was just read.
    fn take_over(&self, point: &mut Point, line: &Line) -> bool {
        let here = self.here();
        let mut changed = false;
        if (!here.keeping || point.state.is_none()) && point.state != Some(line.state) {
            point.state = Some(line.state);
            changed = true;
        }
        let parts = point.positions.iter_mut().zip(&here.parts).enumerate();
        for (part, (at, fed_here)) in parts {
            // A generation that is divided otherwise counts as far as all of it is.
            let found = match line.positions.get(part) {
                Some(position) if line.positions.len() == here.parts.len() => *position,
                _ => line.position(),
            };
            changed |= (!fed_here || *at == 0) && replace(at, found);
        }
        changed
    }

    async fn look_at_reactions(&self) -> Result<(), DbError> {
        for reacting in &self.reactions {
            let found = dividing::checkpoints(&self.log_db, reacting.name).await?;
            let here = self.here().reacting.clone();
            reacting.positions.send_if_modified(|positions| {
                let mut changed = false;
                for ((at, found), runs_here) in positions.iter_mut().zip(found).zip(here) {
                    changed |= !runs_here && replace(at, found);
                }
                changed
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
    pub(super) async fn wait_for(&self, followed: &Followed, position: u64) -> bool {
        let mut point = followed.point.subscribe();
        let arrived = |point: &Point| match point.state {
            Some(State::Active) => point.position() >= position,
            Some(State::Paused | State::Retired) => true,
            Some(State::Building) | None => false,
        };
        loop {
            tokio::select! {
                biased;
                point = point.wait_for(arrived) => {
                    return point.is_ok_and(|point| {
                        point.position() >= position && point.state != Some(State::Retired)
                    });
                }
                () = self.follow() => {}
            }
        }
    }

    /// Waits until the positions of a reaction's parts are what is waited for.
    pub(super) async fn wait_for_reaction(
        &self,
        reacting: &Reacting,
        arrived: impl Fn(&Vec<u64>) -> bool,
    ) {
        let mut positions = reacting.positions.subscribe();
        loop {
            tokio::select! {
                _ = positions.wait_for(&arrived) => return,
                () = tokio::time::sleep(LONGEST) => {}
            }
            if self.here().reacting.contains(&false)
                && let Err(error) = self.look_at_reactions().await
            {
                tracing::debug!(%error, "progress could not be read");
            }
        }
    }
}
