//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{config::Settings, ops, serve};

/// Why a command stops: one sentence for the operator, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Stop(pub String);

impl Stop {
    /// A sentence from what was tried and why it did not work.
    pub fn because(tried: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("{tried}: {why}"))
    }
}

#[derive(Parser)]
#[command(
    name = "groundwork",
    version,
    about = "The back end of a product. Without a command it serves."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the API and everything behind it in one process (the default).
    Serve,
    /// Operate a deployment.
    #[command(subcommand)]
    Ops(ops::Command),
}

/// Runs the command line: 0 for success, 1 for failure, 2 for wrong usage or settings.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Needs neither settings nor stores.
    if let Some(Command::Ops(ops::Command::Events)) = cli.command {
        print!("{}", ops::events::catalogue());
        return ExitCode::SUCCESS;
    }
    let settings = match Settings::load() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let outcome = runtime().and_then(|runtime| {
        runtime.block_on(async {
            match cli.command.unwrap_or(Command::Serve) {
                Command::Serve => serve::run(settings).await,
                Command::Ops(command) => ops::run(command, &settings).await,
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("{stop}");
            ExitCode::FAILURE
        }
    }
}

/// Two threads are enough beside those of the HTTP server: what runs here waits for databases.
fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Stop::because("the runtime could not be started", error))
}
