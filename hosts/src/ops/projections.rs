//! `groundwork ops projections`: look at read models, rebuild, pause and resume them.

use std::time::Duration;

use clap::Subcommand;
use store::consumers::{Action, Sort, Status};

use super::{desk::Desk, printing::say};
use crate::{cli::Stop, compose::REACTIONS, config::Settings};

/// See [`super::Command::Projections`].
#[derive(Subcommand)]
pub enum Command {
    /// The read models of this version: name, version, what they are made from.
    List,
    /// How far projections and reactions are.
    Status,
    /// Build one anew beside the one that is served, then swap; answers when it is served.
    Rebuild {
        /// Which one.
        name: String,
        /// How many seconds to wait for it; it goes on after that.
        #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        wait: u64,
    },
    /// Stop feeding one; it is served as it is.
    Pause {
        /// Which one.
        name: String,
    },
    /// Feed it again.
    Resume {
        /// Which one.
        name: String,
    },
}

/// How long to wait for an answer that needs no work.
const ANSWER: Duration = Duration::from_secs(15);

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    match command {
        Command::List => list(),
        Command::Status => status(settings).await,
        Command::Rebuild { name, wait } => {
            ask(settings, &name, Action::Rebuild, Duration::from_secs(wait)).await
        }
        Command::Pause { name } => ask(settings, &name, Action::Pause, ANSWER).await,
        Command::Resume { name } => ask(settings, &name, Action::Resume, ANSWER).await,
    }
}

/// Asks the engine for something and prints its answer.
///
/// # Errors
/// A sentence, if it says no or does not answer.
pub async fn ask(
    settings: &Settings,
    consumer: &str,
    action: Action,
    limit: Duration,
) -> Result<(), Stop> {
    let desk = Desk::open(settings).await?;
    let answer = desk.ops.ask(consumer, action, limit).await;
    desk.close().await;
    say(answer?)
}

/// As [`ask`], for what needs no work.
///
/// # Errors
/// As [`ask`].
pub async fn ask_briefly(settings: &Settings, consumer: &str, action: Action) -> Result<(), Stop> {
    ask(settings, consumer, action, ANSWER).await
}

fn list() -> Result<(), Stop> {
    for projection in projections::ALL {
        say(format_args!("{}  version {}", projection.name, projection.version))?;
        for (aggregate, event) in projection.handles {
            say(format_args!("  {aggregate}.{event}"))?;
        }
    }
    Ok(())
}

async fn status(settings: &Settings) -> Result<(), Stop> {
    let desk = Desk::open(settings).await?;
    let all = desk.ops.status(projections::ALL, REACTIONS).await;
    desk.close().await;
    say(format_args!(
        "{:<24}{:<12}{:<10}{:<10}{:>12}{:>10}{:>12}{:>14}",
        "name", "sort", "version", "state", "position", "behind", "seconds", "dead letters"
    ))?;
    for status in all? {
        say(line(&status))?;
    }
    Ok(())
}

fn line(status: &Status) -> String {
    let sort = match status.sort {
        Sort::Projection => "projection",
        Sort::Reaction => "reaction",
    };
    let (version, state) =
        status.generation.map_or((String::new(), ""), |(version, generation, state)| {
            (format!("{version}.{generation}"), state.name())
        });
    format!(
        "{:<24}{sort:<12}{version:<10}{state:<10}{:>12}{:>10}{:>12.1}{:>14}",
        status.name, status.position, status.behind, status.behind_seconds, status.dead_letters
    )
}
