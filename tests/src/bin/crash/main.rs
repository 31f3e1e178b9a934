//! Kills the product, and its database, at random moments while clients change cars, and looks
//! whether everything that they were told is there, once.

mod deployment;
mod judge;
mod random;
mod reader;
mod world;
mod writer;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use deployment::Deployment;
use world::World;

/// Kills the product at random moments and looks whether anything acknowledged is lost.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask crash")]
struct Arguments {
    /// Rounds per engine; each kills something.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// What the product runs on.
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// Repeats the kills of another run; what happens meanwhile still differs a little.
    #[arg(long)]
    seed: Option<u64>,
    /// Kills the optimized binary instead of the one for development.
    #[arg(long)]
    release: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| {
        std::time::UNIX_EPOCH.elapsed().map_or(0, |since| u64::from(since.subsec_nanos()))
    });
    println!("crash test: {} rounds per engine, seed {seed}", arguments.rounds);
    let mut deployments: Vec<fn() -> Result<Deployment, String>> = vec![];
    if arguments.engine != Engines::Postgres {
        deployments.push(Deployment::on_sqlite);
    }
    if arguments.engine != Engines::Sqlite {
        deployments.push(Deployment::on_postgres);
    }
    for deployment in deployments {
        if let Err(why) = run(deployment, &arguments, seed).await {
            println!("crash test FAILED (seed {seed}): {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run(
    deployment: fn() -> Result<Deployment, String>,
    arguments: &Arguments,
    seed: u64,
) -> Result<(), String> {
    let deployment = deployment()?;
    let deployment = if arguments.release { deployment.optimized() } else { deployment };
    World::begin(deployment, seed).await?.survive(arguments.rounds).await
}
