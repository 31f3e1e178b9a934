//! `groundwork ops consumers`: projections and reactions alike.

use std::time::Duration;

use clap::Subcommand;
use store::consumers::Action;

use super::{
    printing::say,
    projections::{ask, ask_briefly},
};
use crate::{cli::Stop, config::Settings};

/// See [`super::Command::Consumers`].
#[derive(Subcommand)]
pub enum Command {
    /// Handle everything after a position again. A reaction goes back to it, and does again what it
    /// did; a projection is built anew from the first event.
    Replay {
        /// Which projection or reaction.
        consumer: String,
        /// The last position that stays as it is; 0 for everything.
        #[arg(long)]
        from: u64,
        /// How many seconds to wait for a projection; it goes on after that.
        #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        wait: u64,
    },
}

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    let Command::Replay { consumer, from, wait } = command;
    let again = Action::Again(from);
    if projections::ALL.iter().any(|projection| projection.name == consumer) {
        say(format_args!("{consumer} is a projection: it is built anew from the first event."))?;
        return ask(settings, &consumer, again, Duration::from_secs(wait)).await;
    }
    ask_briefly(settings, &consumer, again).await
}
