//! A connection as those see it who call over it now and then.

use std::{convert::Infallible, sync::Arc, time::Duration};

use application::ports::BusError;
use lapin::ConnectionStatus;
use tokio::{sync::watch, task::JoinSet, time::timeout};

use super::{
    Settings,
    session::{self, Ended, Needs, Session},
};

/// How long the broker may take to answer or to confirm what it was given at once.
const ANSWER: Duration = Duration::from_secs(10);

/// What callers need on a connection.
pub(super) trait Lays: Send + Sync + 'static {
    /// See [`Needs::NAME`].
    const NAME: &'static str;
    /// The channels, and what belongs to them.
    type Line: Send + Sync + 'static;
    /// Opens them.
    fn lay(&self, session: &Session) -> impl Future<Output = lapin::Result<Self::Line>> + Send;
    /// What is to be done for as long as they are there.
    fn tend(line: &Self::Line) -> impl Future<Output = lapin::Result<Infallible>> + Send;
}

/// The line that there is now, whatever happens to connections.
pub(super) struct Lines<L> {
    state: watch::Receiver<State<L>>,
    _task: JoinSet<()>,
}

enum State<L> {
    Connecting,
    Up(Arc<Line<L>>),
    Away(BusError),
}

/// What was laid on one connection.
pub(super) struct Line<L> {
    pub laid: L,
    status: ConnectionStatus,
    /// Why it must not be used any more.
    broken: watch::Sender<Option<BusError>>,
}

impl<L: Send + Sync + 'static> Lines<L> {
    /// Begins to connect, and keeps connecting.
    pub fn start(settings: Settings, lays: impl Lays<Line = L>) -> Self {
        let (report, state) = watch::channel(State::Connecting);
        let mut task = JoinSet::new();
        task.spawn(async move { session::keep(&settings, Connects { lays, report }).await });
        Self { state, _task: task }
    }
    /// Waits for the outcome of the first attempt to connect, and for nothing later.
    pub async fn line(&self) -> Result<Arc<Line<L>>, BusError> {
        let mut state = self.state.clone();
        let known = state.wait_for(|state| !matches!(state, State::Connecting)).await;
        match known.as_deref() {
            Ok(State::Up(line)) => Ok(line.clone()),
            Ok(State::Away(error)) => Err(error.clone()),
            Ok(State::Connecting) | Err(_) => Err(unavailable("it is being stopped")),
        }
    }
}

impl<L> Line<L> {
    /// Does something over the line, in time. After anything but success it is unknown what the
    /// broker has done, so the line is given up; also when the caller does not wait for the end.
    pub async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, BusError>>,
    ) -> Result<T, BusError> {
        let mut broken = self.broken.subscribe();
        let mut unfinished = Unfinished { line: Some(self), why: unavailable("a caller gave up") };
        let outcome = tokio::select! {
            done = timeout(ANSWER, work) => done.unwrap_or_else(|_| Err(self.late())),
            why = broken.wait_for(Option::is_some) => Err(match why.as_deref() {
                Ok(Some(error)) => error.clone(),
                Ok(None) | Err(_) => ended(),
            }),
        };
        match &outcome {
            Ok(_) => unfinished.line = None,
            Err(error) => unfinished.why = error.clone(),
        }
        outcome
    }
    fn late(&self) -> BusError {
        if self.status.blocked() {
            unavailable("RabbitMQ is short of memory or disk space and takes nothing: make room")
        } else {
            unavailable("RabbitMQ did not answer in time")
        }
    }
    fn end(&self, why: &BusError) {
        self.broken.send_if_modified(|broken| {
            let first = broken.is_none();
            if first {
                *broken = Some(why.clone());
            }
            first
        });
    }
}

/// Ends the line when it is dropped.
struct Unfinished<'a, L> {
    line: Option<&'a Line<L>>,
    why: BusError,
}

impl<L> Drop for Unfinished<'_, L> {
    fn drop(&mut self) {
        if let Some(line) = self.line {
            line.end(&self.why);
        }
    }
}

struct Connects<A: Lays> {
    lays: A,
    report: watch::Sender<State<A::Line>>,
}

impl<A: Lays> Needs for Connects<A> {
    const NAME: &'static str = A::NAME;

    async fn run(&self, session: &Session) -> Result<Infallible, Ended> {
        let line = Arc::new(Line {
            laid: self.lays.lay(session).await?,
            status: session.connection.status().clone(),
            broken: watch::Sender::new(None),
        });
        // Whoever waits for an answer learns that there will be none, however the session ends.
        let _unfinished = Unfinished { line: Some(&*line), why: ended() };
        let mut broken = line.broken.subscribe();
        self.report.send_replace(State::Up(line.clone()));
        tokio::select! {
            Err(error) = A::tend(&line.laid) => Err(error.into()),
            why = broken.wait_for(Option::is_some) => {
                let why = why.ok().and_then(|why| why.clone());
                Err(Ended::Given(why.unwrap_or_else(ended)))
            }
        }
    }
    fn away(&self, error: BusError) {
        self.report.send_replace(State::Away(error));
    }
}

pub(super) fn unavailable(why: &str) -> BusError {
    BusError::Unavailable(why.to_owned())
}

fn ended() -> BusError {
    unavailable("the connection to RabbitMQ ended")
}
