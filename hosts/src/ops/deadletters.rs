//! `groundwork ops deadletters`: events that a consumer gave up on.

use application::ports::{DeadLetter, QueueStanding, WorkQueues as _};
use clap::Subcommand;
use store::consumers::Action;

use super::{desk::Desk, printing::say, projections::ask_briefly};
use crate::{cli::Stop, config::Settings};

/// See [`super::Command::Deadletters`].
#[derive(Subcommand)]
pub enum Command {
    /// List them in order of position.
    List {
        /// Only those of this projection or reaction.
        #[arg(long)]
        consumer: Option<String>,
        /// Only those after this position.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// So many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show one with its event.
    Show {
        /// Whose.
        consumer: String,
        /// The position of the event.
        position: u64,
    },
    /// Handle one again, and what waits behind it.
    Replay {
        /// Whose.
        consumer: String,
        /// The position of the event.
        position: u64,
    },
    /// Forget one: its effect never happens.
    Discard {
        /// Whose.
        consumer: String,
        /// The position of the event.
        position: u64,
    },
}

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    match command {
        Command::List { consumer, after, limit } => {
            list(settings, consumer.as_deref(), after, limit).await
        }
        Command::Show { consumer, position } => show(settings, &consumer, position).await,
        Command::Replay { consumer, position } => {
            ask_briefly(settings, &consumer, Action::Replay(position)).await
        }
        Command::Discard { consumer, position } => {
            ask_briefly(settings, &consumer, Action::Discard(position)).await
        }
    }
}

async fn list(
    settings: &Settings,
    consumer: Option<&str>,
    after: u64,
    limit: u32,
) -> Result<(), Stop> {
    let desk = Desk::open(settings).await?;
    let letters = desk.ops.dead_letters(consumer, after, limit).await;
    // Of one consumer only its own are asked for.
    let standings = if consumer.is_none() { desk.work.standings().await } else { Ok(vec![]) };
    desk.close().await;
    for letter in letters? {
        say(line(&letter))?;
    }
    let standings =
        standings.map_err(|error| Stop::because("The queues of work can't be asked", error))?;
    for QueueStanding { queue, poison, .. } in standings {
        if poison > 0 {
            let name = queue.name();
            say(format_args!(
                "{name}: {poison} set aside on the queue; see `groundwork ops work list --queue {name}`"
            ))?;
        }
    }
    Ok(())
}

async fn show(settings: &Settings, consumer: &str, position: u64) -> Result<(), Stop> {
    let desk = Desk::open(settings).await?;
    let found = desk.ops.dead_letter(consumer, position).await;
    desk.close().await;
    let Some((letter, event)) = found? else {
        return Err(Stop(format!("'{consumer}' has no dead letter at {position}.")));
    };
    say(line(&letter))?;
    match event {
        Some(event) => say(format_args!("{}\n{}", event.payload, event.metadata)),
        None => say("The log does not have the event any more."),
    }
}

fn line(letter: &DeadLetter) -> String {
    let DeadLetter { consumer, position, stream, event, error, attempts, parked_at, .. } = letter;
    format!("{position}  {consumer}  {stream}  {event}  {attempts} tries  {parked_at}  {error}")
}
