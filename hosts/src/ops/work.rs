//! `groundwork ops work`: what waits on queues, and what was set aside.

use application::ports::{WorkQueue, WorkQueues as _};
use clap::Subcommand;

use super::{desk::Desk, printing::say};
use crate::{cli::Stop, config::Settings};

/// See [`super::Command::Work`].
#[derive(Subcommand)]
pub enum Command {
    /// How many messages of each queue wait, and how many were set aside.
    Status,
    /// List what was set aside after too many tries: each message's id, and why.
    List {
        /// Only those of this queue.
        #[arg(long, value_parser = queue)]
        queue: Option<WorkQueue>,
    },
    /// Let a message that was set aside begin again.
    Revive {
        /// Its queue.
        #[arg(value_parser = queue)]
        queue: WorkQueue,
        /// Its id.
        id: String,
    },
    /// Forget a message that was set aside: it is never delivered.
    Discard {
        /// Its queue.
        #[arg(value_parser = queue)]
        queue: WorkQueue,
        /// Its id.
        id: String,
    },
}

fn queue(name: &str) -> Result<WorkQueue, String> {
    WorkQueue::named(name).ok_or_else(|| {
        let names: Vec<&str> = WorkQueue::ALL.iter().map(|queue| queue.name()).collect();
        format!("the queues are {}", names.join(", "))
    })
}

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    let desk = Desk::open(settings).await?;
    let outcome = answer(command, &desk).await;
    desk.close().await;
    outcome
}

async fn answer(command: Command, desk: &Desk) -> Result<(), Stop> {
    let unanswered = |error| Stop::because("The queues can't be asked", error);
    match command {
        Command::Status => {
            for standing in desk.work.standings().await.map_err(unanswered)? {
                let (waiting, poison) = (standing.waiting, standing.poison);
                let queue = standing.queue.name();
                say(format_args!("{queue}  {waiting} waiting  {poison} set aside"))?;
            }
            Ok(())
        }
        Command::List { queue } => {
            let queues = queue.as_ref().map_or(WorkQueue::ALL, std::slice::from_ref);
            for queue in queues {
                for (message, error) in desk.work.poisoned(*queue).await.map_err(unanswered)? {
                    say(format_args!("{}  {}  {error}", queue.name(), message.id))?;
                }
            }
            Ok(())
        }
        Command::Revive { queue, id } => {
            let found = desk.work.revive(queue, &id).await.map_err(unanswered)?;
            tell(found, queue, &id, "waits again")
        }
        Command::Discard { queue, id } => {
            let found = desk.work.discard(queue, &id).await.map_err(unanswered)?;
            tell(found, queue, &id, "is forgotten")
        }
    }
}

fn tell(found: bool, queue: WorkQueue, id: &str, done: &str) -> Result<(), Stop> {
    if found {
        say(format_args!("{id} {done}."))
    } else {
        Err(Stop(format!("No message '{id}' of '{}' was set aside.", queue.name())))
    }
}
