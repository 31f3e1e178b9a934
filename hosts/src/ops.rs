//! Commands for operators. They work while hosts run.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod bus;
mod consumers;
mod deadletters;
mod desk;
pub mod events;
mod health;
pub(crate) mod keys;
mod people;
pub(crate) mod printing;
mod projections;
mod relay;
pub mod routes;
pub mod tokens;
mod verify;
mod work;

use clap::Subcommand;

use crate::{
    cli::{Failure, Stop},
    config::Settings,
    stores::Stores,
};

/// What operators can do.
#[derive(Subcommand)]
pub enum Command {
    /// Print the catalogue of events as Markdown.
    Events,
    /// Print which hosts serve which routes.
    Routes {
        /// As a table for people, or as the configuration of a proxy.
        #[arg(long, value_enum, default_value_t)]
        format: routes::Format,
    },
    /// Ask a host how it is: 0 if it answers that it is well.
    Health {
        /// For example `http://127.0.0.1:5001/health/ready`.
        url: String,
    },
    /// Bring the stores to the schema that this version needs.
    Migrate,
    /// What is done about people, at their wish.
    #[command(subcommand)]
    People(people::Command),
    /// Look at read models, rebuild, pause and resume them.
    #[command(subcommand)]
    Projections(projections::Command),
    /// Let projections and reactions handle again what they have handled.
    #[command(subcommand)]
    Consumers(consumers::Command),
    /// The process that publishes the log on the bus.
    #[command(subcommand)]
    Relay(relay::Command),
    /// The message broker: its queues, and who follows it.
    #[command(subcommand)]
    Bus(bus::Command),
    /// Events that a projection or reaction gave up on.
    #[command(subcommand)]
    Deadletters(deadletters::Command),
    /// Queued work: what waits, and what was set aside.
    #[command(subcommand)]
    Work(work::Command),
    /// Check that the log keeps its rules and that every read model equals a rebuild.
    Verify,
    /// Access tokens.
    #[command(subcommand)]
    Tokens(Tokens),
    /// Keys that sign access tokens.
    #[command(subcommand)]
    Keys(keys::Command),
}

/// See [`Command::Tokens`].
#[derive(Subcommand)]
pub enum Tokens {
    /// Make an access token and print it; not in production.
    Mint(tokens::Mint),
}

/// Runs a command. Those that print what the binary itself knows need no settings.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Events => printing::write(events::catalogue())?,
        Command::Routes { format } => printing::write(routes::printed(format))?,
        Command::Health { url } => health::ask(&url).await?,
        Command::Migrate => migrate(&Settings::load()?).await?,
        Command::People(command) => people::run(command, &Settings::load()?).await?,
        Command::Projections(command) => projections::run(command, &Settings::load()?).await?,
        Command::Consumers(command) => consumers::run(command, &Settings::load()?).await?,
        Command::Relay(command) => relay::run(command, &Settings::load()?).await?,
        Command::Bus(command) => bus::run(command, &Settings::load()?).await?,
        Command::Deadletters(command) => deadletters::run(command, &Settings::load()?).await?,
        Command::Work(command) => work::run(command, &Settings::load()?).await?,
        Command::Verify => verify::run(&Settings::load()?).await?,
        Command::Keys(command) => keys::run(command, &Settings::load()?).await?,
        Command::Tokens(Tokens::Mint(mint)) => mint.run(&Settings::load()?).await?,
    }
    Ok(())
}

async fn migrate(settings: &Settings) -> Result<(), Stop> {
    let stores = Stores::open(&settings.storage).await?;
    stores.migrate().await?;
    stores.close().await;
    printing::note("The stores have the schema of this version.");
    Ok(())
}
