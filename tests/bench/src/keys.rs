//! What calling with an API key costs beside calling with an access token.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    Outcome,
    child::{Host, mint},
    databases::Postgres,
    http::register,
    http_load::{self, Connection, Pace, request},
};

/// Cars that are read in turn.
const CARS: usize = 50;
/// A machine has its organization long before.
const LIMIT: Duration = Duration::from_secs(30);

/// Settings of this benchmark.
#[derive(clap::Args)]
pub struct Args {
    /// Connections, with one request in flight on each.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often both are measured, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Measures `GET /cars/{id}` by access token and by API key in turn, on both engines. A key should
/// reach 80 % of a token at least.
pub async fn run(args: Args) -> Outcome {
    let database = Postgres::create("keys").await?;
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
    let token = mint(&settings)?;
    let mut connection = Connection::open(host.address()).await?;
    let key = machine(&mut connection, &token).await?;
    let by_key = format!("apikey={}", key.replace('|', "%7C").replace('#', "%23"));
    let own = cars(&mut connection, |_| register(&token)).await?;
    let theirs =
        cars(&mut connection, |body| request("POST", &format!("/cars?{by_key}"), None, Some(body)));
    let theirs = theirs.await?;
    let tokens: Vec<_> =
        own.iter().map(|id| request("GET", &format!("/cars/{id}"), Some(&token), None)).collect();
    let keys: Vec<_> = theirs
        .iter()
        .map(|id| request("GET", &format!("/cars/{id}?{by_key}"), None, None))
        .collect();

    println!("{engine}, GET /cars/{{id}}, {} connections", args.connections);
    println!("{:<20}{:>12}{:>10}{:>10}{:>10}", "", "answers/s", "p50 ms", "p99 ms", "refused");
    let duration = Duration::from_secs(args.seconds);
    let mut rates = [0.0, 0.0];
    for _ in 0..args.rounds {
        for (index, (name, requests)) in
            [("access token", &tokens), ("API key", &keys)].into_iter().enumerate()
        {
            let load = http_load::run(
                host.address(),
                args.connections,
                duration,
                200,
                Pace::Closed,
                requests,
            );
            let load = load.await?;
            println!(
                "{name:<20}{:>12.0}{:>10.2}{:>10.2}{:>10}",
                load.per_second(),
                load.milliseconds(0.5),
                load.milliseconds(0.99),
                load.bad
            );
            rates[index] += load.per_second();
        }
    }
    println!("a key reaches {:.0} % of a token\n", 100.0 * rates[1] / rates[0]);
    host.stop()
}

/// Registers a machine; its key.
async fn machine(connection: &mut Connection, token: &str) -> Outcome<String> {
    let body = json!({ "name": "Bench" }).to_string();
    let asked = request("POST", "/machines/register", Some(token), Some(&body));
    let answer: Value = serde_json::from_slice(&connection.send(&asked).await?.body)?;
    let key = answer["machine"]["apiKey"].as_str().ok_or("the machine has no key")?;
    Ok(key.to_owned())
}

/// Registers cars as soon as whoever asks has an organization; their ids.
async fn cars(
    connection: &mut Connection,
    register: impl Fn(&str) -> Vec<u8>,
) -> Outcome<Vec<String>> {
    let body = r#"{"make":"Honda","model":"Civic","year":2020,"jurisdiction":"Australia","numberPlate":"ABC 123"}"#;
    let (register, begun, mut ids) = (register(body), Instant::now(), vec![]);
    while ids.len() < CARS {
        let answer = connection.send(&register).await?;
        if answer.status != 201 {
            if begun.elapsed() > LIMIT {
                return Err(format!("a car was answered {}", answer.status).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        let answer: Value = serde_json::from_slice(&answer.body)?;
        ids.push(answer["car"]["id"].as_str().ok_or("the car has no id")?.to_owned());
    }
    Ok(ids)
}
