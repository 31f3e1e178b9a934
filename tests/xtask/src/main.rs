//! `cargo xtask`: checks, tests and the crash test.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{steps::Steps, tasks};

/// Tasks of the project.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Form, lints and documentation.
    Check,
    /// Sets up what the tests need and passes them all.
    Test {
        /// Also runs so many rounds of the crash test; with a broker, half as many.
        #[arg(long)]
        crash_rounds: Option<u32>,
    },
    /// Kills the product at random moments and looks whether anything acknowledged is lost.
    Crash {
        /// Passed on: --rounds, --engine, --seed.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let mut steps = Steps::default();
    let outcome = match Arguments::parse().task {
        Task::Check => tasks::check(&mut steps),
        Task::Test { crash_rounds } => tasks::test(&mut steps, crash_rounds),
        Task::Crash { arguments } => {
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            tasks::crash(&mut steps, &arguments)
        }
    };
    steps.report();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
