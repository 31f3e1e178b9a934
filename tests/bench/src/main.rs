//! Benchmarks. Every figure is printed beside its reference, measured in the same run: the machine
//! and its load differ, the ratio says more.

mod append;
mod databases;
mod load;

use std::error::Error;

use clap::{Parser, Subcommand};

/// What a benchmark ends with.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures Groundwork beside its references. Databases are made for the run and removed after;
/// PostgreSQL is reached by `DATABASE_URL`.
#[derive(Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Appends per second: group append, stock cqrs-es repositories, one INSERT per commit.
    Append(append::Args),
}

#[tokio::main]
async fn main() -> Outcome {
    match Cli::parse().command {
        Command::Append(args) => append::run(args).await,
    }
}
