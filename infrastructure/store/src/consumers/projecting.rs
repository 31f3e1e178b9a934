//! Looks after the tables of one projection: builds what is missing, swaps, pauses and resumes. Its
//! parts are fed by [`super::feeding`], here or in other processes.

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    Shared, building,
    error::ConsumerError,
    ledger::{self, Line, State},
    requests::{self, Action, Outcome, Request},
    sink::Sink,
    supervise::Supervisor,
    verify,
};
use crate::projections::Projection;

/// What runs for one projection.
pub(super) struct Projecting {
    shared: Shared,
    projection: Projection,
    requests: mpsc::Receiver<Request>,
    stop: watch::Receiver<bool>,
}

/// What is known between two steps.
#[derive(Default)]
struct Session {
    served: Option<Line>,
    builders: JoinSet<Result<Sink, ConsumerError>>,
    /// Who waits for the build.
    asked: Vec<String>,
}

enum Step {
    Stop,
    Asked(Request),
    Built(Box<Result<Sink, ConsumerError>>),
}

impl Projecting {
    pub fn new(
        shared: Shared,
        projection: Projection,
        requests: mpsc::Receiver<Request>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { shared, projection, requests, stop }
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
            match self.step(&mut session).await {
                Step::Stop => return Ok(()),
                Step::Asked(request) => self.answer(&mut session, request).await?,
                Step::Built(built) => self.finish(&mut session, (*built)?).await?,
            }
        }
    }

    /// Reads what there is, and begins or goes on building what is missing.
    async fn begin(&mut self) -> Result<Session, ConsumerError> {
        let projection = self.projection;
        let mut lines = ledger::read(&self.shared.db, projection.name).await?;
        lines.retain(|line| line.generation != verify::SCRATCH);
        let own = |line: &&Line| line.version == projection.version;
        let mut session = Session::default();
        if let Some(line) = lines.iter().filter(own).find(|line| line.state.is_served()) {
            let line = self.divide(line).await?;
            self.publish(line.state);
            session.served = Some(line);
        }
        let building = lines.iter().filter(own).rfind(|line| line.state == State::Building);
        match building {
            Some(line) => {
                let line = self.divide(line).await?;
                self.build(&mut session, line);
            }
            None if session.served.is_none() => {
                let line = building::begin(&self.shared, &projection, &lines).await?;
                self.build(&mut session, line);
            }
            None => {}
        }
        Ok(session)
    }

    /// Divides the checkpoints of a generation as this process is set to.
    async fn divide(&self, line: &Line) -> Result<Line, ConsumerError> {
        let parts = usize::from(self.shared.partition.parts());
        if line.positions.len() == parts {
            return Ok(line.clone());
        }
        if line.position() != line.furthest() {
            return Err(ConsumerError::Corrupt(format!(
                "it is divided into {} parts, which are not equally far: set GROUNDWORK_PARTS to \
                 {0}, let it catch up while nothing is appended, then change the number",
                line.positions.len()
            )));
        }
        let divided = Line { positions: vec![line.position(); parts], ..line.clone() };
        let mut tx = self.shared.db.begin().await?;
        ledger::remove(&mut tx, &self.projection, line.version, line.generation).await?;
        ledger::add(&mut tx, &self.projection, &divided).await?;
        tx.commit().await?;
        tracing::info!(projection = self.projection.name, parts, "the projection was divided");
        self.shared.changed.send_replace(());
        Ok(divided)
    }

    async fn step(&mut self, session: &mut Session) -> Step {
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => Step::Stop,
            Some(request) = self.requests.recv() => Step::Asked(request),
            Some(built) = session.builders.join_next() => {
                let built = built.unwrap_or_else(|error| {
                    Err(ConsumerError::Corrupt(format!("a build failed: {error}")))
                });
                Step::Built(Box::new(built))
            }
        }
    }

    fn build(&self, session: &mut Session, line: Line) {
        session.builders.spawn(building::fill(self.shared.clone(), self.projection, line));
    }

    /// Brings a build to where the served generation is, and swaps.
    async fn finish(&self, session: &mut Session, mut built: Sink) -> Result<(), ConsumerError> {
        let state = session.served.as_ref().map_or(State::Active, |line| line.state);
        while !building::swap(&self.shared, &built, state).await? {
            building::catch_up(&self.shared.log, &self.shared.clock, &mut built, None).await?;
        }
        let lines = ledger::read(&self.shared.db, self.projection.name).await?;
        session.served = lines.into_iter().find(|line| {
            (line.version, line.generation) == (self.projection.version, built.generation)
        });
        self.publish(state);
        self.shared.changed.send_replace(());
        for id in session.asked.drain(..) {
            let outcome = Ok(format!("built as generation {}", built.generation));
            requests::answer(&self.shared.db, &id, &outcome).await?;
        }
        Ok(())
    }

    async fn answer(&self, session: &mut Session, request: Request) -> Result<(), ConsumerError> {
        let outcome = match request.action {
            Action::Rebuild | Action::Again(_) => {
                session.asked.push(request.id);
                if session.builders.is_empty() {
                    let lines = ledger::read(&self.shared.db, self.projection.name).await?;
                    let line = building::begin(&self.shared, &self.projection, &lines).await?;
                    self.build(session, line);
                }
                return Ok(());
            }
            Action::Pause => self.set_state(session, State::Paused).await?,
            Action::Resume => self.set_state(session, State::Active).await?,
            // One that is there is handled where its part is fed.
            Action::Replay(_) | Action::Discard(_) if session.served.is_none() => {
                Err(BUILDING.to_owned())
            }
            Action::Replay(position) | Action::Discard(position) => Err(no_letter(position)),
        };
        Ok(requests::answer(&self.shared.db, &request.id, &outcome).await?)
    }

    async fn set_state(
        &self,
        session: &mut Session,
        state: State,
    ) -> Result<Outcome, ConsumerError> {
        let Some(served) = &mut session.served else { return Ok(Err(BUILDING.to_owned())) };
        let key = (served.version, served.generation);
        let mut tx = self.shared.db.begin().await?;
        ledger::set_state(&mut tx, &self.projection, key, state, self.shared.clock.now()).await?;
        let lines = ledger::read_in(&mut tx, self.projection.name).await?;
        tx.commit().await?;
        let now = lines.into_iter().find(|line| (line.version, line.generation) == key);
        *served = now.ok_or(ConsumerError::Superseded)?;
        self.publish(state);
        self.shared.changed.send_replace(());
        Ok(Ok(format!("{} at {}", state.name(), served.position())))
    }

    fn publish(&self, state: State) {
        self.shared.progress.state(self.projection.name, state);
    }
}

/// Why something can't be done to a projection that nobody reads yet.
pub(super) const BUILDING: &str = "the projection is still being built for the first time";

pub(super) fn no_letter(position: u64) -> String {
    format!("there is no dead letter at {position}")
}
