//! Keeps one projection in step with the log: its tables, builds, requests and live events.

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    Shared, building,
    cursor::{Cursor, Run},
    error::ConsumerError,
    ledger::{self, Line, State},
    letters,
    requests::{self, Action, Outcome, Request},
    sink::Sink,
    supervise::Supervisor,
    verify,
};
use crate::projections::Projection;

/// Events per transaction while live.
const LIVE: usize = 1_000;

/// What runs for one projection.
pub(super) struct Projecting {
    shared: Shared,
    projection: Projection,
    requests: mpsc::Receiver<Request>,
    stop: watch::Receiver<bool>,
    cursor: Cursor,
}

/// What is known between two steps.
#[derive(Default)]
struct Session {
    live: Option<Sink>,
    paused: bool,
    builders: JoinSet<Result<Sink, ConsumerError>>,
    /// Who waits for the build.
    asked: Vec<String>,
}

enum Step {
    Stop,
    Asked(Request),
    Built(Box<Result<Sink, ConsumerError>>),
    Run(Run),
}

impl Projecting {
    pub fn new(
        shared: Shared,
        projection: Projection,
        requests: mpsc::Receiver<Request>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let cursor = Cursor::new(shared.feed.clone(), shared.log.clone());
        Self { shared, projection, requests, stop, cursor }
    }

    /// Runs until it is told to stop; what it began it finishes.
    pub async fn run(mut self) {
        let mut supervisor = Supervisor::new(self.projection.name);
        while let Err(error) = self.session().await {
            if supervisor.stops(error, &mut self.stop).await {
                return;
            }
        }
    }

    async fn session(&mut self) -> Result<(), ConsumerError> {
        let mut session = self.begin().await?;
        loop {
            match self.step(&mut session).await? {
                Step::Stop => return Ok(()),
                Step::Asked(request) => self.answer(&mut session, request).await?,
                Step::Built(built) => self.finish(&mut session, (*built)?).await?,
                Step::Run(run) => {
                    if let Some(live) = &mut session.live {
                        live.apply(&run.events, run.through).await?;
                        self.cursor.handled(live.position).await?;
                        let at = run.events.last().map(|event| event.recorded_at);
                        self.shared.moved(self.projection.name, live.position, at);
                    }
                }
            }
        }
    }

    /// Reads what there is, and begins or goes on building what is missing.
    async fn begin(&mut self) -> Result<Session, ConsumerError> {
        let projection = self.projection;
        let lines = ledger::read(&self.shared.db, projection.name).await?;
        let own =
            |line: &&Line| line.version == projection.version && line.generation != verify::SCRATCH;
        let mut session = Session::default();
        if let Some(line) = lines.iter().filter(own).find(|line| line.state.is_served()) {
            session.paused = line.state == State::Paused;
            let live = self.shared.open(projection, line).await?;
            self.publish(&live, line.state);
            session.live = Some(live);
        }
        let building = lines.iter().filter(own).rfind(|line| line.state == State::Building);
        match building {
            Some(line) => self.build(&mut session, line.clone()),
            None if session.live.is_none() => {
                let line = building::begin(&self.shared, &projection, &lines).await?;
                self.build(&mut session, line);
            }
            None => {}
        }
        Ok(session)
    }

    async fn step(&mut self, session: &mut Session) -> Result<Step, ConsumerError> {
        let position = session.live.as_ref().filter(|_| !session.paused).map(|live| live.position);
        let next = async {
            match position {
                Some(position) => self.cursor.next(position, LIVE).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => Ok(Step::Stop),
            Some(request) = self.requests.recv() => Ok(Step::Asked(request)),
            Some(built) = session.builders.join_next() => {
                let built = built.unwrap_or_else(|error| {
                    Err(ConsumerError::Corrupt(format!("a build failed: {error}")))
                });
                Ok(Step::Built(Box::new(built)))
            }
            run = next => Ok(Step::Run(run?)),
        }
    }

    fn build(&self, session: &mut Session, line: Line) {
        session.builders.spawn(building::fill(self.shared.clone(), self.projection, line));
    }

    /// Brings a build to where the served generation is, and swaps.
    async fn finish(&self, session: &mut Session, mut built: Sink) -> Result<(), ConsumerError> {
        while session.live.as_ref().is_some_and(|live| built.position < live.position) {
            building::catch_up(&self.shared.log, &self.shared.clock, &mut built, None).await?;
        }
        let state = if session.paused { State::Paused } else { State::Active };
        let lines = ledger::read(&self.shared.db, self.projection.name).await?;
        building::swap(&self.shared, &built, &lines, state).await?;
        let line = Line {
            version: self.projection.version,
            generation: built.generation,
            state,
            definition: self.projection.definition(),
            position: built.position,
            applied: 0,
            updated_at: self.shared.clock.now(),
        };
        let served = self.shared.open(self.projection, &line).await?;
        self.publish(&served, state);
        for id in session.asked.drain(..) {
            let outcome = Ok(format!("built as generation {}", served.generation));
            requests::answer(&self.shared.db, &id, &outcome).await?;
        }
        session.live = Some(served);
        Ok(())
    }

    async fn answer(&self, session: &mut Session, request: Request) -> Result<(), ConsumerError> {
        let outcome = match request.action {
            Action::Rebuild => {
                session.asked.push(request.id);
                if session.builders.is_empty() {
                    let lines = ledger::read(&self.shared.db, self.projection.name).await?;
                    let line = building::begin(&self.shared, &self.projection, &lines).await?;
                    self.build(session, line);
                }
                return Ok(());
            }
            Action::Pause => self.set_paused(session, true).await?,
            Action::Resume => self.set_paused(session, false).await?,
            Action::Replay(position) => self.replay(session, position).await?,
            Action::Discard(position) => match &mut session.live {
                None => Err(BUILDING.to_owned()),
                Some(live) => {
                    let found = live.discard(position).await?;
                    found.then(|| "discarded".to_owned()).ok_or_else(|| no_letter(position))
                }
            },
        };
        Ok(requests::answer(&self.shared.db, &request.id, &outcome).await?)
    }

    async fn set_paused(
        &self,
        session: &mut Session,
        pause: bool,
    ) -> Result<Outcome, ConsumerError> {
        let Some(live) = &session.live else { return Ok(Err(BUILDING.to_owned())) };
        let state = if pause { State::Paused } else { State::Active };
        let mut tx = self.shared.db.begin().await?;
        let served = (self.projection.version, live.generation);
        ledger::set_state(&mut tx, &self.projection, served, state, self.shared.clock.now())
            .await?;
        tx.commit().await?;
        session.paused = pause;
        self.publish(live, state);
        Ok(Ok(format!("{} at {}", state.name(), live.position)))
    }

    async fn replay(&self, session: &mut Session, position: u64) -> Result<Outcome, ConsumerError> {
        let Some(live) = &mut session.live else { return Ok(Err(BUILDING.to_owned())) };
        let Some(letter) = letters::one(&self.shared.db, &live.label, position).await? else {
            return Ok(Err(no_letter(position)));
        };
        Ok(match live.replay(&letter.stream).await? {
            (settled, None) => Ok(format!("{settled} of {} replayed", letter.stream)),
            (settled, Some(why)) => Err(format!("{settled} replayed, then one failed: {why}")),
        })
    }

    fn publish(&self, live: &Sink, state: State) {
        self.shared.progress.state(self.projection.name, state);
        self.shared.moved(self.projection.name, live.position, None);
    }
}

/// Why something can't be done to a projection that nobody reads yet.
const BUILDING: &str = "the projection is still being built for the first time";

pub(super) fn no_letter(position: u64) -> String {
    format!("there is no dead letter at {position}")
}
