//! Commands for operators. They work while hosts run.

pub mod events;
pub mod tokens;

use clap::Subcommand;

use crate::{cli::Stop, config::Settings, stores::Stores};

/// What operators can do.
#[derive(Subcommand)]
pub enum Command {
    /// Print the catalogue of events as Markdown.
    Events,
    /// Bring the stores to the schema that this version needs.
    Migrate,
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
        Command::Tokens(Tokens::Mint(mint)) => mint.run(settings).await,
    }
}
