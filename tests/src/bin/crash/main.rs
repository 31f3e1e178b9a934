//! Kills the product, its database and its broker at random moments while clients change cars, and
//! looks whether everything that they were told is there, once.

mod deployment;
mod forger;
mod founder;
mod judge;
mod layout;
mod meddler;
mod random;
mod reader;
mod registrant;
mod settled;
mod tenants;
mod world;
mod writer;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use deployment::Deployment;
use layout::Layout;
use world::World;

/// Kills the product at random moments and looks whether anything acknowledged is lost.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask crash")]
struct Arguments {
    /// Rounds per engine; each kills something.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// What the product runs on.
    #[arg(long, value_enum, default_value_t = Engines::All)]
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
    /// PostgreSQL and RabbitMQ.
    Rabbit,
    /// PostgreSQL and RabbitMQ, in processes of its own for each part.
    Split,
    /// Those without a broker.
    Both,
    All,
}

impl Engines {
    fn layouts(self) -> &'static [Layout] {
        match self {
            Self::Sqlite => &[Layout::Sqlite],
            Self::Postgres => &[Layout::Postgres],
            Self::Rabbit => &[Layout::Rabbit],
            Self::Split => &[Layout::Split],
            Self::Both => &[Layout::Sqlite, Layout::Postgres],
            Self::All => &[Layout::Sqlite, Layout::Postgres, Layout::Rabbit, Layout::Split],
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| {
        std::time::UNIX_EPOCH.elapsed().map_or(0, |since| u64::from(since.subsec_nanos()))
    });
    println!("crash test: {} rounds per engine, seed {seed}", arguments.rounds);
    for layout in arguments.engine.layouts() {
        if let Err(why) = run(*layout, &arguments, seed).await {
            println!("crash test FAILED (seed {seed}): {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run(layout: Layout, arguments: &Arguments, seed: u64) -> Result<(), String> {
    let deployment = Deployment::new(layout, arguments.release)?;
    World::begin(deployment, seed).await?.survive(arguments.rounds).await
}
