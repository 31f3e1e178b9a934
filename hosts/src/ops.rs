//! Commands for operators. They work while hosts run.

mod deadletters;
mod desk;
pub mod events;
mod projections;
pub mod tokens;
mod verify;
mod work;

use clap::Subcommand;

use crate::{cli::Stop, config::Settings, stores::Stores};

/// What operators can do.
#[derive(Subcommand)]
pub enum Command {
    /// Print the catalogue of events as Markdown.
    Events,
    /// Bring the stores to the schema that this version needs.
    Migrate,
    /// Look at read models, rebuild, pause and resume them.
    #[command(subcommand)]
    Projections(projections::Command),
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
}

/// See [`Command::Tokens`].
#[derive(Subcommand)]
pub enum Tokens {
    /// Make an access token and print it; not in production.
    Mint(tokens::Mint),
}

/// Runs a command.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    match command {
        Command::Events => {
            print!("{}", events::catalogue());
            Ok(())
        }
        Command::Migrate => {
            let stores = Stores::open(&settings.storage).await?;
            stores.migrate().await?;
            stores.close().await;
            eprintln!("The stores have the schema of this version.");
            Ok(())
        }
        Command::Projections(command) => projections::run(command, settings).await,
        Command::Deadletters(command) => deadletters::run(command, settings).await,
        Command::Work(command) => work::run(command, settings).await,
        Command::Verify => verify::run(settings).await,
        Command::Tokens(Tokens::Mint(mint)) => mint.run(settings).await,
    }
}
