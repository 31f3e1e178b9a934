//! `groundwork ops relay`: the process that publishes the log on the bus.

use clap::Subcommand;
use store::relay::Standing;

use super::{desk::Desk, printing::write};
use crate::{broker, cli::Stop, config::Settings};

/// See [`super::Command::Relay`].
#[derive(Subcommand)]
pub enum Command {
    /// How far it is, and whether some process is it.
    Status,
}

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    let Command::Status = command;
    if broker::rabbit_settings(settings).is_none() {
        return Err(no_broker());
    }
    let desk = Desk::open(settings).await?;
    let lines = status(&desk).await;
    desk.close().await;
    write(lines?)
}

/// The sentence of commands that are about the broker.
pub fn no_broker() -> Stop {
    Stop("AMQP_URL is missing: without a broker there is no bus and no relay; consumers read the log.".into())
}

async fn status(desk: &Desk) -> Result<String, Stop> {
    let standing = desk.relay().await?;
    let (behind, seconds) = desk.ops.behind(standing.position).await?;
    let Standing { position, epoch, updated_at, .. } = standing;
    let state = state(&standing, standing.is_lapsed(desk.clock.now()));
    Ok(format!(
        "{:<8}{:>12}{:>10}{:>12}{:>8}  {}\n{state:<8}{position:>12}{behind:>10}{seconds:>12.1}{epoch:>8}  {updated_at}\n",
        "state", "position", "behind", "seconds", "epoch", "last sign of life"
    ))
}

fn state(standing: &Standing, is_lapsed: bool) -> &'static str {
    match (standing.held, is_lapsed) {
        (false, _) => "free",
        (true, false) => "held",
        (true, true) => "lapsed",
    }
}
