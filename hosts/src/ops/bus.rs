//! `groundwork ops bus`: the message broker and who follows it.

use std::fmt::Write as _;

use adapters::rabbit::{self, QueueStatus};
use clap::Subcommand;

use super::{
    desk::Desk,
    printing::{say, write},
    relay::no_broker,
};
use crate::{broker, cli::Stop, compose::REACTIONS, config::Settings};

/// See [`super::Command::Bus`].
#[derive(Subcommand)]
pub enum Command {
    /// The broker's version, every queue, and how far relay and consumers are behind.
    Status,
}

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    let Command::Status = command;
    let broker = broker::rabbit_settings(settings).ok_or_else(no_broker)?;
    let status = rabbit::status(&broker).await;
    let status = status.map_err(|error| Stop::because("The broker can't be asked", error))?;
    let desk = Desk::open(settings).await?;
    let behind = behind(&desk).await;
    desk.close().await;
    say(format_args!("RabbitMQ {}\n", status.version))?;
    say(format_args!("{:<48}{:>10}{:>12}", "queue", "ready", "consumers"))?;
    for queue in &status.queues {
        say(line(queue))?;
    }
    say("")?;
    write(behind?)
}

fn line(queue: &QueueStatus) -> String {
    let name = &queue.name;
    match queue.counts {
        Some(counts) => format!("{name:<48}{:>10}{:>12}", counts.ready, counts.consumers),
        None => format!("{name:<48}{:>10}", "missing"),
    }
}

/// How far everybody is who goes through the log.
async fn behind(desk: &Desk) -> Result<String, Stop> {
    let mut text = format!("{:<24}{:>12}{:>10}{:>12}\n", "name", "position", "behind", "seconds");
    let mut add = |name: &str, position: u64, behind: u64, seconds: f64| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name:<24}{position:>12}{behind:>10}{seconds:>12.1}");
    };
    let relay = desk.relay().await?;
    let (behind, seconds) = desk.ops.behind(relay.position).await?;
    add("relay", relay.position, behind, seconds);
    for consumer in desk.ops.status(projections::ALL, REACTIONS).await? {
        add(&consumer.name, consumer.position, consumer.behind, consumer.behind_seconds);
    }
    Ok(text)
}
