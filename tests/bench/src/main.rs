//! Benchmarks. Every figure is printed beside its reference, measured in the same run: the machine
//! and its load differ, the ratio says more.

mod append;
mod bus;
mod child;
mod commands;
mod databases;
mod gateway;
mod history;
mod http;
mod http_load;
mod idle;
mod keys;
mod latency;
mod load;
mod outage;
mod people;
mod projectors;
mod rebuild;
mod site;
mod startup;
mod tenants;

use clap::{Parser, Subcommand};
use hosts::{
    config::{GatewaySettings, Settings},
    ops::tokens::Mint,
    roles::{Api, Role, Roles},
    threads::{self, Interrupting},
};
use mimalloc::MiMalloc;
use tokio::runtime::Runtime;

/// That of hosts.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Why a benchmark fails.
type Error = Box<dyn std::error::Error + Send + Sync>;
/// What a benchmark ends with.
type Outcome<T = ()> = Result<T, Error>;

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
    /// Events per second: reading the log, and building a read model from it.
    Rebuild(rebuild::Args),
    /// Time from append to readable, at shares of the peak load.
    Latency(latency::Args),
    /// Time from the start of a process to ready, with a million events in the log.
    Startup(startup::Args),
    /// Resident memory of an embedded host that has nothing to do.
    Idle(idle::Args),
    /// Requests per second, end to end, with authentication on.
    Http(http::Args),
    /// What the hop through a gateway costs.
    Gateway(gateway::Args),
    /// Events per second: the relay to RabbitMQ, and a bare loop that publishes the same.
    Relay(bus::Args),
    /// Events per second: one process that feeds read models, and two that share the work.
    Projectors(projectors::Args),
    /// What a host of commands pays for having its events carried over RabbitMQ.
    Commands(commands::Args),
    /// Signing in, registering, and checking tokens.
    People(people::Args),
    /// Calling with an API key, beside calling with an access token.
    Keys(keys::Args),
    /// Reading organizations of many members, and losing roles and keys.
    Tenants(tenants::Args),
    /// How fast the relay catches up after the broker was away under load.
    Outage(outage::Args),
    /// What the others start.
    #[command(hide = true)]
    Serve,
    /// As [`Self::Serve`].
    #[command(hide = true, name = "commands-process")]
    ServeCommands,
    /// As [`Self::Serve`].
    #[command(hide = true, name = "queries-process")]
    Queries,
    /// As [`Self::Serve`].
    #[command(hide = true, name = "worker-process")]
    Worker,
    /// As [`Self::Serve`].
    #[command(hide = true, name = "gateway-process")]
    Pass,
    /// What the others call with.
    #[command(hide = true)]
    Mint(Mint),
}

impl Command {
    /// Whether it is a process with databases that others measure.
    fn is_host(&self) -> bool {
        use Command::{Queries, Serve, ServeCommands, Worker};
        matches!(self, Serve | ServeCommands | Queries | Worker)
    }
}

async fn serve(roles: Roles) -> Outcome {
    Ok(Box::pin(hosts::serve::run(Settings::load()?, roles)).await?)
}

fn main() -> Outcome {
    let command = Cli::parse().command;
    let runtime = if command.is_host() {
        threads::runtime(Interrupting::beside(&Settings::load()?.storage))
    } else {
        Runtime::new()
    };
    runtime?.block_on(run(command))
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Append(args) => append::run(args).await,
        Command::Rebuild(args) => rebuild::run(args).await,
        Command::Latency(args) => latency::run(args).await,
        Command::Startup(args) => startup::run(args).await,
        Command::Idle(args) => idle::run(args).await,
        Command::Http(args) => http::run(args).await,
        Command::Gateway(args) => gateway::run(args).await,
        Command::Relay(args) => bus::run(args).await,
        Command::Projectors(args) => projectors::run(args).await,
        Command::Commands(args) => commands::run(args).await,
        Command::Outage(args) => outage::run(args).await,
        Command::Tenants(args) => tenants::run(args).await,
        Command::People(args) => people::run(args).await,
        Command::Keys(args) => keys::run(args).await,
        Command::Serve => serve(Roles::all()).await,
        Command::ServeCommands => serve(Roles::serving(Api::Commands)).await,
        Command::Queries => serve(Roles::serving(Api::Queries)).await,
        Command::Worker => serve(Roles::working(Role::ALL)).await,
        Command::Pass => Ok(hosts::serve::gateway(GatewaySettings::load()?).await?),
        Command::Mint(mint) => Ok(mint.run(&Settings::load()?).await?),
    }
}
