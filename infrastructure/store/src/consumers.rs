//! The engine behind projections and reactions.
//!
//! Every consumer keeps the last position that it has handled in the transaction of its effect, so
//! that being killed anywhere loses nothing and repeats nothing. One engine works per database; the
//! others stand by.

pub(crate) mod backoff;
mod batch;
mod building;
mod cursor;
mod error;
mod feed;
mod fold;
mod leader;
mod ledger;
mod letters;
mod meters;
mod ops;
mod progress;
mod projecting;
mod reacting;
mod requests;
mod sink;
mod supervise;
mod tables;
mod verify;
mod write;

use std::sync::Arc;

use application::{
    App,
    ports::{Clock, EventLog, Feed},
    reaction::Reaction,
};
use domain::kernel::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    db::{Db, DbError},
    projections::Projection,
};
use error::ConsumerError;
use leader::Lead;
use ledger::Line;
use projecting::Projecting;
use reacting::Reacting;
use requests::Desk;
use sink::Sink;
use supervise::stopped_within;

pub use backoff::Backoff;
pub use feed::LogFeed;
pub use ledger::State;
pub use ops::{Ops, OpsError, Sort, Status};
pub use progress::{Progress, Standing};
pub use requests::Action;

/// The log is one part until it is split.
const PART: u16 = 0;
/// Requests of operators that a consumer has not come to yet.
const DESK: usize = 16;

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
    /// What wakes consumers.
    pub feed: Arc<dyn Feed>,
    /// For dead letters and progress.
    pub clock: Arc<dyn Clock>,
    /// Shared with whoever waits for read models.
    pub progress: Arc<Progress>,
}

/// Runs projections and reactions.
pub struct Engine {
    shared: Shared,
    projections: Vec<Projection>,
    reactions: Option<(App, Vec<Reaction>)>,
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

/// Every fixed statement of the engine, so that a test can ask both databases whether they take it.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    let files = [ledger::STATEMENTS, letters::STATEMENTS, requests::STATEMENTS, ops::STATEMENTS];
    files.concat()
}

impl Engine {
    /// Over these parts. Call [`check`] first.
    #[must_use]
    pub fn new(parts: Parts, projections: Vec<Projection>) -> Self {
        Self { shared: Arc::new(parts), projections, reactions: None }
    }

    /// Runs reactions too; they act through `app`.
    #[must_use]
    pub fn with_reactions(self, app: App, reactions: Vec<Reaction>) -> Self {
        Self { reactions: Some((app, reactions)), ..self }
    }

    /// Works, or stands by while another process does, until `stop` turns true. A transaction that
    /// was begun is finished.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::OUTAGE;
        while !*stop.borrow() {
            let wait = match Lead::take(&self.shared.db).await {
                Ok(Some(lead)) => {
                    backoff.reset();
                    self.lead(lead, &stop).await;
                    continue;
                }
                Ok(None) => leader::BEAT,
                Err(error) => {
                    tracing::warn!(%error, "consumers wait for the database");
                    backoff.next()
                }
            };
            if stopped_within(&mut stop, tokio::time::sleep(wait)).await {
                return;
            }
        }
    }

    async fn lead(&self, mut lead: Lead, stop: &watch::Receiver<bool>) {
        let (halt, halted) = watch::channel(false);
        let mut work = JoinSet::new();
        let mut desks = Vec::new();
        for projection in &self.projections {
            let (sender, requests) = mpsc::channel(DESK);
            desks.push(Desk { consumer: projection.name, sender });
            let loops = Projecting::new(self.shared.clone(), *projection, requests, halted.clone());
            work.spawn(loops.run());
        }
        for (app, reaction) in
            self.reactions.iter().flat_map(|(app, all)| all.iter().map(move |r| (app, r)))
        {
            let (sender, requests) = mpsc::channel(DESK);
            desks.push(Desk { consumer: reaction.name, sender });
            let (shared, app) = (self.shared.clone(), app.clone());
            work.spawn(Reacting::new(shared, app, *reaction, requests, halted.clone()).run());
        }
        let mut clerk = JoinSet::new();
        clerk.spawn(requests::serve(self.shared.clone(), desks));
        self.shared.progress.set_here(true);
        let mut stop = stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            error = lead.lost() => {
                tracing::warn!(%error, "the lead over consumers was lost; standing by");
            }
        }
        clerk.shutdown().await;
        halt.send_replace(true);
        while let Some(ended) = work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a consumer failed");
            }
        }
        self.shared.progress.set_here(false);
        lead.give_up().await;
    }
}

type Shared = Arc<Parts>;

impl Parts {
    async fn open(&self, projection: Projection, line: &Line) -> Result<Sink, ConsumerError> {
        Sink::open(&self.db, &self.log, &self.clock, projection, line).await
    }

    /// Tells everybody how far a consumer is. `at` is when its last event was appended.
    fn moved(&self, consumer: &str, position: u64, at: Option<Timestamp>) {
        self.progress.moved(consumer, position);
        self.measure(consumer, position, at);
    }

    fn measure(&self, consumer: &str, position: u64, at: Option<Timestamp>) {
        let behind = self.log.watch().borrow().saturating_sub(position);
        let age =
            at.filter(|_| behind > 0).map_or(0.0, |at| self.clock.now().since(at).as_seconds_f64());
        meters::position(consumer, position, behind, age.max(0.0));
    }
}
