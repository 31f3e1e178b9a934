//! Requests per second, end to end, with authentication on.

use std::{net::SocketAddr, time::Duration};

use crate::{
    Outcome,
    child::{Host, mint},
    databases::Postgres,
    http_load::{self, Connection, Measured, Pace, request},
};

/// Settings of this benchmark.
#[derive(clap::Args)]
pub struct Args {
    /// Connections, with one request in flight on each.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// Measures `POST /cars` and `GET /cars/{id}` on both engines, beside `GET /health` of the same
/// host in the same run, which does nothing but answer.
pub async fn run(args: Args) -> Outcome {
    let database = Postgres::create("http").await?;
    let url = database.url()?;
    measure("PostgreSQL", &("DATABASE_URL", &url), &args).await?;
    database.drop().await?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let data = data.to_str().ok_or("the path is not UTF-8")?;
    measure("SQLite", &("GROUNDWORK_DATA", data), &args).await
}

async fn measure(engine: &str, storage: &(&str, &str), args: &Args) -> Outcome {
    let settings = [*storage, ("GROUNDWORK_HTTP_RATE_PER_SECOND", "0")];
    let host = Host::start(&settings).await?;
    let address = host.address();
    let token = mint(&settings)?;
    println!("{engine}, {} connections, {} s each", args.connections, args.seconds);
    println!(
        "{:<26}{:>12}{:>12}{:>12}{:>10}{:>14}",
        "request", "answers/s", "p50 ms", "p99 ms", "refused", "of /health"
    );
    let duration = Duration::from_secs(args.seconds);
    let load = async |expected, requests: &[Vec<u8>]| {
        http_load::run(address, args.connections, duration, expected, Pace::Closed, requests).await
    };
    let health = load(200, &[request("GET", "/health", None, None)]).await?;
    print("GET /health (reference)", &health, &health);
    let posts = load(201, &[register(&token)]).await?;
    print("POST /cars", &posts, &health);
    let cars = some_cars(address, &token).await?;
    let gets: Vec<_> =
        cars.iter().map(|id| request("GET", &format!("/cars/{id}"), Some(&token), None)).collect();
    let gets = load(200, &gets).await?;
    print("GET /cars/{id}", &gets, &health);
    host.stop()
}

/// Registers a car.
pub fn register(token: &str) -> Vec<u8> {
    let body = r#"{"make":"Honda","model":"Civic","year":2020,"jurisdiction":"Australia","numberPlate":"ABC 123"}"#;
    request("POST", "/cars", Some(token), Some(body))
}

fn print(name: &str, run: &Measured, reference: &Measured) {
    println!(
        "{name:<26}{:>12.0}{:>12.2}{:>12.2}{:>10}{:>13.0}%",
        run.per_second(),
        run.milliseconds(0.5),
        run.milliseconds(0.99),
        run.bad,
        100.0 * run.per_second() / reference.per_second()
    );
}

/// Ids of cars that the owner of the token has.
pub async fn some_cars(address: SocketAddr, token: &str) -> Outcome<Vec<String>> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.send(&request("GET", "/cars?limit=500", Some(token), None)).await?;
    let page: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let cars = page["cars"].as_array().ok_or("no cars in the answer")?;
    Ok(cars.iter().filter_map(|car| car["id"].as_str().map(str::to_owned)).collect())
}
