//! Publishes the log on the bus: every event in order, from a checkpoint, at least once. It also
//! moves work to the queues of the broker.
//!
//! One process at a time is the relay. It holds a lease, a row whose beat it moves every second;
//! whoever sees the beat stand still takes over under the next epoch. One that was dead, hung or cut
//! off and comes back finds its epoch gone and stops; what it may have published meanwhile are
//! repetitions, which receivers drop.

mod lease;
mod meters;
mod moving;
mod publishing;

use std::{sync::Arc, time::Duration};

use application::ports::{Bus, BusError, Clock, EventLog, LogError, Partition};
use tokio::sync::watch;

use crate::{
    backoff::Backoff,
    db::{Db, DbError},
};
use lease::Lease;
use publishing::Publishing;

pub use lease::Standing;

/// How often a holder shows that it lives, and others look.
const BEAT: Duration = Duration::from_secs(1);

/// What the relay works with.
#[derive(Clone)]
pub struct Relay {
    /// The database of the log, where the lease is.
    pub db: Db,
    /// What is published.
    pub log: Arc<dyn EventLog>,
    /// Where it is published.
    pub bus: Arc<dyn Bus>,
    /// How consumers divide the log.
    pub partition: Partition,
    /// For the times that operators see.
    pub clock: Arc<dyn Clock>,
}

/// Why publishing ended.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Database(#[from] DbError),
    /// Another process is the relay now.
    #[error("another process took over")]
    Deposed,
}

/// Where the relay of a deployment is, for operators; `None` if there never was one.
///
/// # Errors
/// If the database can't be asked.
pub async fn standing(db: &Db) -> Result<Option<Standing>, DbError> {
    lease::standing(db).await
}

/// Every statement of the relay, so that a test can ask both engines whether they take it.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    lease::STATEMENTS.to_vec()
}

/// Returns when it is time to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // Whoever was to tell is gone: that says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Relay {
    /// Is the relay, or stands by while another process is, until `stop` turns true. What it gave
    /// to the bus is confirmed before it ends.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::OUTAGE;
        let mut watched = lease::Watched::default();
        while !*stop.borrow() {
            let wait = match Lease::take(&self, &mut watched).await {
                Ok(Some(lease)) => {
                    tracing::info!(position = lease.position, "this process is the relay");
                    meters::leads(true);
                    let outcome = self.hold(lease, &mut stop).await;
                    meters::leads(false);
                    match outcome {
                        Ok(()) => return,
                        Err(error) => {
                            tracing::warn!(%error, "the relay stands by");
                            backoff.next()
                        }
                    }
                }
                Ok(None) => {
                    backoff.reset();
                    BEAT
                }
                Err(error) => {
                    tracing::warn!(%error, "the relay waits for the database");
                    backoff.next()
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = told(&mut stop) => {}
            }
        }
    }

    /// Publishes as long as the lease lasts; an outage of the bus is waited for.
    async fn hold(
        &self,
        mut lease: Lease,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), RelayError> {
        let mut backoff = Backoff::OUTAGE;
        loop {
            let before = lease.position;
            let publishing = Publishing::new(self, lease.position).run(&mut lease, stop);
            let outcome = tokio::select! {
                outcome = publishing => outcome,
                outcome = moving::run(self) => outcome,
            };
            match outcome {
                Ok(()) => {
                    lease.give_up().await?;
                    return Ok(());
                }
                Err(RelayError::Bus(error)) => {
                    if lease.position > before {
                        backoff.reset();
                    }
                    match &error {
                        BusError::Unavailable(why) => {
                            tracing::warn!(why, "events wait for the bus");
                        }
                        BusError::Misconfigured(why) => {
                            tracing::error!(why, "events can't be published");
                        }
                    }
                    lease.rest(backoff.next(), stop).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
