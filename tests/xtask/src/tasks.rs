//! What can be asked of `cargo xtask`.

use crate::{
    Result,
    servers::Server,
    steps::{Steps, installed},
};

/// Form, lints and documentation, with and without the endpoints of testing builds.
///
/// # Errors
/// Names what failed.
pub fn check(steps: &mut Steps) -> Result<()> {
    steps.cargo("format", &["fmt", "--all", "--check"], &[])?;
    steps.cargo(
        "lints",
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        &[],
    )?;
    // The acceptance tests switch `testing-only` on for the whole workspace; without them it is off.
    steps.cargo(
        "lints of the shipped build",
        &[
            "clippy",
            "--workspace",
            "--exclude",
            "acceptance",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    )?;
    steps.cargo(
        "documentation",
        &["doc", "--workspace", "--no-deps", "--document-private-items"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    if installed("deny") {
        steps.cargo("licences and bans", &["deny", "check", "bans", "licenses", "sources"], &[])?;
    }
    Ok(())
}

/// Everything that must pass, on both engines and with a broker; `crash_rounds` adds the crash test,
/// with half as many rounds where there is a broker.
///
/// # Errors
/// Names what failed.
pub fn test(steps: &mut Steps, crash_rounds: Option<u32>) -> Result<()> {
    let (postgres, rabbitmq) = (Server::postgres()?, Server::rabbitmq()?);
    println!("{}\n{}", postgres.described, rabbitmq.described);
    check(steps)?;
    // Built here, so that no test's time limit holds a compilation.
    let shipped = ["build", "--package", "hosts", "--bins", "--examples"];
    steps.cargo("shipped binary", &shipped, &[])?;
    let servers = [("DATABASE_URL", &*postgres.url), ("AMQP_URL", &*rabbitmq.url)];
    steps.tests("documentation tests", &["test", "--workspace", "--doc"], &servers)?;
    if installed("nextest") {
        steps.tests("tests", &["nextest", "run", "--workspace"], &servers)?;
    } else {
        steps.tests("tests", &["test", "--workspace", "--lib", "--bins", "--tests"], &servers)?;
    }
    if let Some(rounds) = crash_rounds {
        crash(steps, &["--engine", "both", "--rounds", &rounds.to_string()])?;
        // A broker takes seconds to start, so half of them take as long.
        let rounds = rounds.div_ceil(2).to_string();
        for engine in ["rabbit", "split"] {
            crash(steps, &["--engine", engine, "--rounds", &rounds])?;
        }
    }
    Ok(())
}

/// Kills the product, its database and its broker again and again; see `--help` of the crash test.
///
/// # Errors
/// If anything acknowledged is lost or doubled.
pub fn crash(steps: &mut Steps, arguments: &[&str]) -> Result<()> {
    let program = ["run", "--quiet", "--package", "acceptance", "--bin", "crash", "--"];
    steps.cargo("crash test", &[&program, arguments].concat(), &[])
}
