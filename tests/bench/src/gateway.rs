//! What the hop through a gateway costs.

use std::time::Duration;

use crate::{
    Outcome,
    child::{Host, mint},
    databases::Postgres,
    http::{register, some_cars},
    http_load::{self, Pace, request},
};

/// Settings of this benchmark.
#[derive(clap::Args)]
pub struct Args {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// Measures the same requests at a host and at a gateway before it, one at a time and 64 at once.
/// Both and the clients share the processors, so that the second says what the hop costs them.
pub async fn run(args: Args) -> Outcome {
    let database = Postgres::create("gateway").await?;
    let url = database.url()?;
    let settings = [("DATABASE_URL", url.as_str()), ("GROUNDWORK_HTTP_RATE_PER_SECOND", "0")];
    let host = Host::start(&settings).await?;
    let behind = format!("http://{}", host.address());
    let gateway = Host::start_as(
        "gateway-process",
        &[("GROUNDWORK_GATEWAY_COMMANDS", &behind), ("GROUNDWORK_GATEWAY_QUERIES", &behind)],
    )
    .await?;
    let token = mint(&settings)?;
    let duration = Duration::from_secs(args.seconds);
    println!("a host on PostgreSQL, {} s each", args.seconds);
    println!(
        "{:<16}{:>6}{:<10}{:>12}{:>12}{:>12}{:>10}",
        "request", "", "  at", "answers/s", "p50 ms", "p99 ms", "refused"
    );
    let measure = async |name: &str, connections, expected, requests: &[Vec<u8>]| -> Outcome {
        for (place, address) in [("host", host.address()), ("gateway", gateway.address())] {
            let run =
                http_load::run(address, connections, duration, expected, Pace::Closed, requests)
                    .await?;
            println!(
                "{name:<16}{connections:>6}  {place:<8}{:>12.0}{:>12.2}{:>12.2}{:>10}",
                run.per_second(),
                run.milliseconds(0.5),
                run.milliseconds(0.99),
                run.bad
            );
        }
        Ok(())
    };
    let posts = [register(&token)];
    measure("POST /cars", 1, 201, &posts).await?;
    let cars = some_cars(host.address(), &token).await?;
    let gets: Vec<_> =
        cars.iter().map(|id| request("GET", &format!("/cars/{id}"), Some(&token), None)).collect();
    measure("GET /cars/{id}", 1, 200, &gets).await?;
    measure("GET /cars/{id}", 64, 200, &gets).await?;
    measure("POST /cars", 64, 201, &posts).await?;
    gateway.stop()?;
    host.stop()?;
    database.drop().await
}
