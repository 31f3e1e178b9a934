//! Kills the product, and its database, at random moments while clients change cars, and looks
//! whether everything that they were told is there, once.
#![expect(clippy::print_stdout, reason = "its report is what it is for")]

mod judge;
mod random;
mod world;
mod writer;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use world::World;

/// Kills the product at random moments and looks whether anything acknowledged is lost.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask crash")]
struct Arguments {
    /// Kills per engine.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// What the product runs on.
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// Repeats the choices of another run; the moments of the kills still differ a little.
    #[arg(long)]
    seed: Option<u64>,
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
    let mut worlds: Vec<fn(u64) -> Result<World, String>> = vec![];
    if arguments.engine != Engines::Postgres {
        worlds.push(World::on_sqlite);
    }
    if arguments.engine != Engines::Sqlite {
        worlds.push(World::on_postgres);
    }
    for world in worlds {
        if let Err(why) = run(world, seed, arguments.rounds).await {
            println!("crash test FAILED (seed {seed}): {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run(
    world: fn(u64) -> Result<World, String>,
    seed: u64,
    rounds: u32,
) -> Result<(), String> {
    let mut world = world(seed)?;
    world.begin().await?;
    for round in 1..=rounds {
        let summary = world.round(round).await.map_err(|why| world.with_output(&why))?;
        println!("{} {round}/{rounds}: {summary}", world.name());
    }
    println!("{}: {} survived {rounds} kills", world.name(), world.summary());
    Ok(())
}
