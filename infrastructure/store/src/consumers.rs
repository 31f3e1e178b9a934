//! The engine behind projections and reactions.
//!
//! Every consumer keeps the last position that it has handled in the transaction of its effect, so
//! that being killed anywhere loses nothing and repeats nothing. The engines of all processes on a
//! database share the parts of the log among themselves.

mod batch;
mod building;
mod crew;
mod cursor;
mod dividing;
mod effect;
mod error;
mod feed;
mod feeding;
mod fold;
mod leader;
mod ledger;
mod letters;
mod meters;
mod ops;
mod place;
mod progress;
mod projecting;
mod reacting;
mod requests;
mod returning;
mod sink;
mod supervise;
mod tables;
mod verify;
mod write;

use std::sync::Arc;

use application::{
    App,
    ports::{Clock, EventLog, Feeds, Partition, Wanted},
    reaction::Reaction,
};
use domain::kernel::Timestamp;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    db::{Db, DbError},
    projections::Projection,
};
use crew::{Duty, Workshop};
use cursor::Cursor;
use error::ConsumerError;
use ledger::Line;
use requests::Desks;
use sink::Sink;

pub use feed::LogFeed;
pub use ledger::State;
pub use ops::{Ops, OpsError, Sort, Status};
pub use progress::{Progress, Standing};
pub use requests::Action;

/// What the engine works with.
#[derive(Clone)]
pub struct Parts {
    /// Where read models are.
    pub db: Db,
    /// Where the dead letters of reactions are: the log's own database; on PostgreSQL it may be
    /// the same as `db`.
    pub log_db: Db,
    /// The truth.
    pub log: Arc<dyn EventLog>,
    /// What projections are fed from.
    pub feeds: Arc<dyn Feeds>,
    /// Into how many parts the work is divided; the same in all processes.
    pub partition: Partition,
    /// For dead letters and progress.
    pub clock: Arc<dyn Clock>,
    /// Shared with whoever waits for read models.
    pub progress: Arc<Progress>,
}

/// Runs projections and reactions: this process's share of their parts.
pub struct Engine {
    parts: Parts,
    projections: Vec<Projection>,
    reactions: Option<(App, Arc<dyn Feeds>, Vec<Reaction>)>,
}

/// Why a process must not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The code says something else than the tables were made from.
    #[error(
        "the definition of projection '{name}' changed, but its version is still {version}: give \
         it version {next}, so that it is built anew beside the old one"
    )]
    DefinitionChanged {
        /// The projection.
        name: &'static str,
        /// Its version.
        version: u32,
        /// What the version has to be.
        next: u32,
    },
    /// The database can't be asked.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Refuses a binary whose projections don't fit the tables that are there. Changes nothing.
///
/// # Errors
/// [`StartError`].
pub async fn check(db: &Db, projections: &[Projection]) -> Result<(), StartError> {
    for projection in projections {
        let lines = ledger::read(db, projection.name).await?;
        let own = |line: &&ledger::Line| line.version == projection.version;
        if lines.iter().filter(own).any(|line| line.definition != projection.definition()) {
            return Err(StartError::DefinitionChanged {
                name: projection.name,
                version: projection.version,
                next: projection.version + 1,
            });
        }
    }
    Ok(())
}

/// Every fixed statement of the engine about the database of the log, see [`statements`].
#[must_use]
pub fn log_statements() -> Vec<&'static str> {
    [letters::STATEMENTS, dividing::STATEMENTS].concat()
}

/// Every fixed statement of the engine about the database of read models, so that a test can ask
/// both engines whether they take it.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    let files = [ledger::STATEMENTS, letters::STATEMENTS, requests::STATEMENTS, ops::STATEMENTS];
    files.concat()
}

impl Engine {
    /// Over these parts. Call [`check`] first.
    #[must_use]
    pub fn new(parts: Parts, projections: Vec<Projection>) -> Self {
        Self { parts, projections, reactions: None }
    }

    /// Runs reactions too; they act through `app`, and are fed from feeds of their own.
    #[must_use]
    pub fn with_reactions(self, app: App, feeds: Arc<dyn Feeds>, reactions: Vec<Reaction>) -> Self {
        Self { reactions: Some((app, feeds, reactions)), ..self }
    }

    /// Works, or stands by while other processes do, until `stop` turns true. A transaction that
    /// was begun is finished.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let desks = Arc::new(Desks::default());
        let acting = self.reactions.iter().flat_map(|(_, _, all)| all);
        let known = self.projections.iter().map(|projection| projection.name);
        let known = known.chain(acting.map(|reaction| reaction.name)).collect();
        let shared = |parts: Parts| Arc::new(Held { parts, changed: watch::Sender::new(()) });
        let projecting = shared(self.parts.clone());
        let mut clerk = JoinSet::new();
        clerk.spawn(requests::serve(projecting.clone(), desks.clone(), known));
        let mut work = JoinSet::new();
        if !self.projections.is_empty() {
            let duty = Duty::Projections(self.projections);
            let workshop = Workshop { shared: projecting, duty, desks: desks.clone() };
            work.spawn(workshop.run(stop.clone()));
        }
        if let Some((app, feeds, reactions)) = self.reactions
            && !reactions.is_empty()
        {
            let shared = shared(Parts { feeds, ..self.parts });
            let duty = Duty::Reactions(Box::new(app), reactions);
            work.spawn(Workshop { shared, duty, desks }.run(stop.clone()));
        }
        // Also with nothing to do it runs until it is told to stop.
        let _ = stop.wait_for(|stop| *stop).await;
        while let Some(ended) = work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the work on consumers failed");
            }
        }
        clerk.shutdown().await;
    }
}

/// What everything that runs for consumers of one trade shares.
struct Held {
    parts: Parts,
    /// Changes when a projection is built, divided, paused or resumed here.
    changed: watch::Sender<()>,
}

type Shared = Arc<Held>;

impl std::ops::Deref for Held {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Parts {
    async fn open(
        &self,
        projection: Projection,
        line: &Line,
        part: Option<u16>,
    ) -> Result<Sink, ConsumerError> {
        Sink::open(&self.db, &self.log, &self.clock, self.partition, projection, line, part).await
    }

    fn cursor(&self, consumer: &str, wanted: Wanted) -> Cursor {
        Cursor::new(self.feeds.feed(consumer), self.log.clone(), self.partition, wanted)
    }

    /// Tells everybody how far a part of a projection is. `at` is when its last event was appended.
    fn moved(&self, consumer: &str, part: u16, position: u64, at: Option<Timestamp>) {
        self.progress.moved(consumer, part, position);
        self.measure(consumer, part, position, at);
    }

    fn measure(&self, consumer: &str, part: u16, position: u64, at: Option<Timestamp>) {
        let behind = self.log.watch().borrow().saturating_sub(position);
        let age =
            at.filter(|_| behind > 0).map_or(0.0, |at| self.clock.now().since(at).as_seconds_f64());
        meters::position(consumer, part, position, behind, age.max(0.0));
    }
}
