//! The work of this process: it takes its share of the parts, and starts and stops what runs for
//! them.

use std::{collections::BTreeMap, sync::Arc};

use application::{App, reaction::Reaction};
use tokio::{sync::watch, task::JoinSet};

use super::{
    Shared, dividing,
    feeding::Feeding,
    leader::{self, Crew, Trade},
    projecting::Projecting,
    reacting::Reacting,
    requests::Desks,
    supervise::stopped_within,
};
use crate::{backoff::Backoff, db::DbError, projections::Projection};

/// What one trade has to do.
#[derive(Clone)]
pub(super) enum Duty {
    Projections(Vec<Projection>),
    Reactions(Box<App>, Vec<Reaction>),
}

/// Does one trade's work in this process.
pub(super) struct Workshop {
    pub shared: Shared,
    pub duty: Duty,
    pub desks: Arc<Desks>,
}

/// Tasks that are stopped together.
struct Work {
    halt: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What this process has at the moment.
#[derive(Default)]
struct Held {
    parts: BTreeMap<u16, Work>,
    keeping: Option<Work>,
    /// Whether the checkpoints of reactions were made by this process before.
    divided: bool,
}

impl Workshop {
    /// Works, or stands by while other processes do, until `stop` turns true. A transaction that
    /// was begun is finished.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::OUTAGE;
        while !*stop.borrow() {
            let error = match Crew::join(&self.shared.db, self.trade()).await {
                Ok(crew) => match self.work(crew, &mut stop).await {
                    Ok(()) => return,
                    Err(error) => {
                        backoff.reset();
                        error
                    }
                },
                Err(error) => error,
            };
            tracing::warn!(%error, "consumers wait for the database");
            if stopped_within(&mut stop, tokio::time::sleep(backoff.next())).await {
                return;
            }
        }
    }

    fn trade(&self) -> Trade {
        match self.duty {
            Duty::Projections(_) => Trade::Projections,
            Duty::Reactions(..) => Trade::Reactions,
        }
    }

    async fn work(&self, mut crew: Crew, stop: &mut watch::Receiver<bool>) -> Result<(), DbError> {
        let mut held = Held::default();
        let outcome = loop {
            if let Err(error) = self.balance(&mut crew, &mut held).await {
                break Err(error);
            }
            if stopped_within(stop, tokio::time::sleep(leader::BEAT)).await {
                break Ok(());
            }
        };
        let keeping = held.keeping.take();
        let all: Vec<Work> = std::mem::take(&mut held.parts).into_values().chain(keeping).collect();
        for work in &all {
            work.halt.send_replace(true);
        }
        for work in all {
            work.end().await;
        }
        self.tell(&held);
        crew.leave().await;
        outcome
    }

    /// Takes what is this process's share, and gives what is more than that.
    async fn balance(&self, crew: &mut Crew, held: &mut Held) -> Result<(), DbError> {
        if held.keeping.is_none() && crew.take_keeping().await? {
            held.keeping = Some(self.keep());
        }
        if held.keeping.is_some() {
            self.divide(held).await;
        }
        let parts = self.shared.partition.parts();
        let share = usize::from(crew.share(parts).await?);
        while held.parts.len() > share
            && let Some((part, work)) = held.parts.pop_last()
        {
            self.tell(held);
            work.halt.send_replace(true);
            work.end().await;
            self.leave_feeds(part);
            crew.give_part(part).await?;
        }
        for part in 0..parts {
            if held.parts.len() >= share {
                break;
            }
            if !held.parts.contains_key(&part) && crew.take_part(part).await? {
                held.parts.insert(part, self.begin(part));
            }
        }
        self.tell(held);
        Ok(())
    }

    /// Makes the checkpoints of reactions before anybody moves them.
    async fn divide(&self, held: &mut Held) {
        let Duty::Reactions(_, reactions) = &self.duty else { return };
        for reaction in reactions {
            let made = dividing::divide(&self.shared, reaction, held.divided).await;
            if let Err(error) = made {
                tracing::error!(consumer = reaction.name, %error, "can't go on; trying again");
                return;
            }
        }
        held.divided = true;
    }

    /// What only one process does for all parts.
    fn keep(&self) -> Work {
        let mut work = Work::new();
        match &self.duty {
            Duty::Projections(projections) => {
                for projection in projections {
                    let requests = self.desks.open(projection.name, None);
                    let halted = work.halt.subscribe();
                    let keeper =
                        Projecting::new(self.shared.clone(), *projection, requests, halted);
                    work.tasks.spawn(keeper.run());
                }
            }
            Duty::Reactions(_, reactions) => {
                for reaction in reactions {
                    let requests = self.desks.open(reaction.name, None);
                    work.tasks.spawn(super::returning::serve(
                        self.shared.clone(),
                        reaction.name,
                        requests,
                        work.halt.subscribe(),
                    ));
                }
            }
        }
        work
    }

    fn begin(&self, part: u16) -> Work {
        self.shared.feeds.attach(part);
        let mut work = Work::new();
        match &self.duty {
            Duty::Projections(projections) => {
                for projection in projections {
                    let requests = self.desks.open(projection.name, Some(part));
                    let halted = work.halt.subscribe();
                    let feeding =
                        Feeding::new(self.shared.clone(), *projection, part, requests, halted);
                    work.tasks.spawn(feeding.run());
                }
            }
            Duty::Reactions(app, reactions) => {
                for reaction in reactions {
                    let requests = self.desks.open(reaction.name, Some(part));
                    let (shared, app) = (self.shared.clone(), (**app).clone());
                    let halted = work.halt.subscribe();
                    let reacting = Reacting::new(shared, app, *reaction, part, requests, halted);
                    work.tasks.spawn(reacting.run());
                }
            }
        }
        work
    }

    fn leave_feeds(&self, part: u16) {
        self.shared.feeds.detach(part);
    }

    /// Tells those who wait for read models which parts are fed here.
    fn tell(&self, held: &Held) {
        if matches!(self.duty, Duty::Projections(_)) {
            let parts = held.parts.keys().copied();
            self.shared.progress.set_here(held.keeping.is_some(), parts);
        } else {
            self.shared.progress.set_reacting_here(held.parts.keys().copied());
        }
    }
}

impl Work {
    fn new() -> Self {
        Self { halt: watch::Sender::new(false), tasks: JoinSet::new() }
    }

    async fn end(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a consumer failed");
            }
        }
    }
}
