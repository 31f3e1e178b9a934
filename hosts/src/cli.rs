//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    config::{GatewaySettings, InvalidSettings, Settings},
    ops::{self, printing::note},
    roles::{Api, Role, Roles},
    serve,
    threads::{self, Interrupting},
};

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
    /// Run the commands of the API: what changes something.
    Commands,
    /// Run the queries of the API, and its documentation.
    Queries,
    /// Run what goes on behind the API.
    Worker {
        /// Only these roles, separated by commas.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Role::ALL)]
        roles: Vec<Role>,
    },
    /// Run the one address of a deployment, which passes requests on to its other hosts.
    Gateway,
    /// Operate a deployment.
    #[command(subcommand)]
    Ops(ops::Command),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was tried.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// It was not even tried.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
}

/// Runs the command line: 0 for success, 1 for failure, 2 for wrong usage or settings.
#[must_use]
pub fn main() -> ExitCode {
    let Err(failure) = run(Cli::parse().command.unwrap_or(Command::Serve)) else {
        return ExitCode::SUCCESS;
    };
    note(&failure);
    match failure {
        Failure::Stop(_) => ExitCode::FAILURE,
        Failure::Settings(_) => ExitCode::from(2),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let roles = match command {
        Command::Serve => Roles::all(),
        Command::Commands => Roles::serving(Api::Commands),
        Command::Queries => Roles::serving(Api::Queries),
        Command::Worker { roles } => Roles::working(roles),
        Command::Gateway => {
            let settings = GatewaySettings::load()?;
            return Ok(runtime(Interrupting::Others)?.block_on(serve::gateway(settings))?);
        }
        Command::Ops(command) => return runtime(Interrupting::Others)?.block_on(ops::run(command)),
    };
    let settings = Settings::load()?;
    roles.check(&settings)?;
    let runtime = runtime(Interrupting::beside(&settings.storage))?;
    Ok(runtime.block_on(serve::run(settings, roles))?)
}

fn runtime(interrupting: Interrupting) -> Result<tokio::runtime::Runtime, Stop> {
    threads::runtime(interrupting)
        .map_err(|error| Stop::because("the runtime could not be started", error))
}
