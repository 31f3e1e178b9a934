//! Keeps one part of what is served of a projection in step with the log.

use application::ports::Wanted;
use tokio::sync::{mpsc, watch};

use super::{
    Shared,
    cursor::{Cursor, Run},
    error::ConsumerError,
    ledger::{self, Line, State},
    letters, meters,
    projecting::{BUILDING, no_letter},
    requests::{self, Action, Outcome, Request},
    sink::Sink,
    supervise::Supervisor,
    verify,
};
use crate::projections::Projection;

/// Events per transaction.
const LIVE: usize = 1_000;
/// How often is looked whether another process built, paused or resumed the projection.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// What runs for one part of a projection.
pub(super) struct Feeding {
    shared: Shared,
    projection: Projection,
    part: u16,
    requests: mpsc::Receiver<Request>,
    stop: watch::Receiver<bool>,
    cursor: Cursor,
    /// Whether it was said that the parts don't fit.
    warned: bool,
}

enum Step {
    Stop,
    Save,
    Asked(Request),
    Look,
    Run(Run),
}

impl Feeding {
    pub fn new(
        shared: Shared,
        projection: Projection,
        part: u16,
        requests: mpsc::Receiver<Request>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let cursor = shared.cursor(projection.name, Wanted { part, handles: projection.handles });
        Self { shared, projection, part, requests, stop, cursor, warned: false }
    }

    /// Runs until it is told to stop; what it began it finishes.
    pub async fn run(mut self) {
        let mut supervisor = Supervisor::new(self.projection.name);
        while let Err(error) = self.session().await {
            if supervisor.stops(error, &mut self.stop).await {
                break;
            }
        }
        meters::left(self.projection.name, self.part);
    }

    async fn session(&mut self) -> Result<(), ConsumerError> {
        let mut changes = self.shared.changed.subscribe();
        self.cursor.restart();
        let mut live = self.open().await?;
        loop {
            match self.step(live.as_ref(), &mut changes).await? {
                Step::Stop => return save(live.as_mut()).await,
                Step::Save => save(live.as_mut()).await?,
                Step::Asked(request) => self.answer(live.as_mut(), request).await?,
                Step::Look => live = self.refresh(live).await?,
                Step::Run(run) => {
                    let Some(live) = &mut live else { continue };
                    live.follow(&run.events, run.through).await?;
                    self.cursor.handled(live.place.at).await?;
                    self.shared.moved(self.projection.name, self.part, live.place.at, run.at);
                }
            }
        }
    }

    async fn step(
        &mut self,
        live: Option<&Sink>,
        changes: &mut watch::Receiver<()>,
    ) -> Result<Step, ConsumerError> {
        let active = live.filter(|live| live.state == State::Active);
        let position = active.map(|live| live.place.at);
        let due = async {
            match active {
                Some(live) => live.place.due().await,
                None => std::future::pending().await,
            }
        };
        let cursor = &mut self.cursor;
        let next = async {
            match position {
                Some(position) => cursor.next(position, LIVE).await,
                None => std::future::pending().await,
            }
        };
        let look = async {
            if position.is_some() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(LOOK).await;
        };
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => Ok(Step::Stop),
            Ok(()) = changes.changed() => Ok(Step::Look),
            Some(request) = self.requests.recv() => Ok(Step::Asked(request)),
            () = look => Ok(Step::Look),
            run = next => Ok(Step::Run(run?)),
            () = due => Ok(Step::Save),
        }
    }

    /// What is served now, if that is something else than what was.
    async fn refresh(&mut self, live: Option<Sink>) -> Result<Option<Sink>, ConsumerError> {
        let served = self.served().await?;
        let same = match (&live, &served) {
            (Some(live), Some(found)) => {
                (live.generation, live.state) == (found.generation, found.state)
            }
            (None, None) => true,
            _ => false,
        };
        if same { Ok(live) } else { self.open().await }
    }

    async fn open(&mut self) -> Result<Option<Sink>, ConsumerError> {
        let Some(served) = self.served().await? else { return Ok(None) };
        let live = self.shared.open(self.projection, &served, Some(self.part)).await?;
        self.shared.moved(self.projection.name, self.part, live.place.at, None);
        Ok(Some(live))
    }

    async fn served(&mut self) -> Result<Option<Line>, ConsumerError> {
        let lines = ledger::read(&self.shared.db, self.projection.name).await?;
        let own = |line: &Line| {
            line.version == self.projection.version
                && line.generation != verify::SCRATCH
                && line.state.is_served()
        };
        let Some(line) = lines.into_iter().find(own) else { return Ok(None) };
        if line.positions.len() == usize::from(self.shared.partition.parts()) {
            return Ok(Some(line));
        }
        if !std::mem::replace(&mut self.warned, true) {
            tracing::error!(
                projection = self.projection.name,
                divided_into = line.positions.len(),
                setting = self.shared.partition.parts(),
                "the number of parts is another one than the projection's; it is not fed here"
            );
        }
        Ok(None)
    }

    async fn answer(&self, live: Option<&mut Sink>, request: Request) -> Result<(), ConsumerError> {
        let outcome = match (request.action, live) {
            (_, None) => Err(BUILDING.to_owned()),
            (Action::Replay(position), Some(live)) => self.replay(live, position).await?,
            (Action::Discard(position), Some(live)) => {
                let found = live.discard(position).await?;
                found.then(|| "discarded".to_owned()).ok_or_else(|| no_letter(position))
            }
            (Action::Rebuild | Action::Again(_) | Action::Pause | Action::Resume, Some(_)) => {
                Err("that is not asked of a part".to_owned())
            }
        };
        Ok(requests::answer(&self.shared.db, &request.id, &outcome).await?)
    }

    async fn replay(&self, live: &mut Sink, position: u64) -> Result<Outcome, ConsumerError> {
        let Some(letter) = letters::one(&self.shared.db, &live.label, position).await? else {
            return Ok(Err(no_letter(position)));
        };
        Ok(match live.replay(&letter.stream).await? {
            (settled, None) => Ok(format!("{settled} of {} replayed", letter.stream)),
            (settled, Some(why)) => Err(format!("{settled} replayed, then one failed: {why}")),
        })
    }
}

/// Moves the checkpoint of what is fed, if it is behind.
async fn save(live: Option<&mut Sink>) -> Result<(), ConsumerError> {
    match live {
        Some(live) if live.place.is_ahead() => live.save().await,
        _ => Ok(()),
    }
}
