//! How much memory an embedded host holds while nobody asks anything.

use std::time::Duration;

use clap::Args as ClapArgs;

use crate::{
    Outcome,
    bus::Broker,
    child::Host,
    databases,
    site::{On, Site},
};

/// What it must stay below.
const LIMIT_KIB: u64 = 40 * 1024;

/// Settings of this benchmark.
#[derive(ClapArgs)]
pub struct Args {
    /// Seconds to wait before memory is measured.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Requests before the second measurement.
    #[arg(long, default_value_t = 1000)]
    requests: usize,
    /// The processes of a split deployment on PostgreSQL and RabbitMQ instead.
    #[arg(long)]
    split: bool,
}

/// Measures a fresh host, and again after some requests.
pub async fn run(args: Args) -> Outcome {
    if args.split {
        return split(args.seconds).await;
    }
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let data = data.to_str().ok_or("the path is not UTF-8")?;
    let host = Host::start(&[("GROUNDWORK_DATA", data)]).await?;
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let fresh = host.resident()?;
    for _ in 0..args.requests {
        if !host.answers("/health") {
            return Err("the host stopped answering".into());
        }
    }
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let used = host.resident()?;
    println!(
        "resident memory, embedded: {:.1} MiB idle, {:.1} MiB after {} requests (limit {} MiB)",
        mib(fresh),
        mib(used),
        args.requests,
        LIMIT_KIB / 1024
    );
    host.stop()
}

/// Measures one process of each kind.
async fn split(seconds: u64) -> Outcome {
    let site = Site::open(On::Postgres, "idle").await?;
    let broker = Broker::connect().await?;
    let (database, amqp) = (site.url()?, databases::broker());
    let settings = [
        ("DATABASE_URL", database.as_str()),
        ("AMQP_URL", amqp.as_str()),
        ("GROUNDWORK_BUS_PREFIX", broker.prefix()),
    ];
    let commands = Host::start_as("commands-process", &settings).await?;
    let queries = Host::start_as("queries-process", &settings).await?;
    let url = |host: &Host| format!("http://{}", host.address());
    let delivers_to = url(&commands);
    let mut of_worker = settings.to_vec();
    of_worker.push(("GROUNDWORK_API_URL", delivers_to.as_str()));
    let worker = Host::start_as("worker-process", &of_worker).await?;
    let (to_commands, to_queries) = (url(&commands), url(&queries));
    let upstreams = [
        ("GROUNDWORK_GATEWAY_COMMANDS", to_commands.as_str()),
        ("GROUNDWORK_GATEWAY_QUERIES", to_queries.as_str()),
    ];
    let gateway = Host::start_as("gateway-process", &upstreams).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    println!("resident memory, idle, split on PostgreSQL and RabbitMQ:");
    let hosts =
        [("commands", commands), ("queries", queries), ("worker", worker), ("gateway", gateway)];
    for (name, host) in hosts {
        println!("  {name:<9} {:.1} MiB", mib(host.resident()?));
        host.stop()?;
    }
    broker.clean().await?;
    site.close().await
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
