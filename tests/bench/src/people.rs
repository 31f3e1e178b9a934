//! What people cost: hashing when they sign in, what follows from a registration, and checking
//! their tokens.

mod hashing;
mod settling;
mod tokens;

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    Outcome,
    child::Host,
    http::{register, some_cars},
    http_load::{self, Connection, Measured, Pace, request},
};

/// Connections that sign in, with one request in flight on each.
const SIGN_INS: usize = 32;
/// Connections that read meanwhile.
const READERS: usize = 8;
const READS_PER_SECOND: f64 = 200.0;
const PASSWORD: &str = "1Password!";

#[derive(clap::Args)]
pub struct Args {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often hashing alone and signing in are measured, in turn: what a machine can hash changes.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many people sign in, and how many registrations are timed.
    #[arg(long, default_value_t = 200)]
    people: usize,
}

/// Measures signing in beside a bare loop of the same hash, reads while sign-ins are saturated,
/// registrations until everything has followed, and the check of a token.
pub async fn run(args: Args) -> Outcome {
    tokens::run().await?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let path = data.to_str().ok_or("the path is not UTF-8")?;
    let settings = [("GROUNDWORK_DATA", path)];
    let host = start(&settings).await?;
    sign_in(&host, &data.join("mail"), &args).await?;
    host.stop()?;
    settling::run(args.people).await
}

/// A host on which nobody is kept from calling often.
async fn start(settings: &[(&str, &str)]) -> Outcome<Host> {
    let free =
        [("GROUNDWORK_HTTP_RATE_PER_SECOND", "0"), ("GROUNDWORK_SIGN_IN_RATE_PER_SECOND", "0")];
    Host::start(&[settings, &free].concat()).await
}

async fn sign_in(host: &Host, mail: &Path, args: &Args) -> Outcome {
    let (address, duration) = (host.address(), Duration::from_secs(args.seconds));
    let mut connection = Connection::open(address).await?;
    for number in 0..args.people {
        let answer = connection.send(&registration(&address_of(number))).await?;
        if answer.status != 200 {
            return Err(format!("a registration was answered {}", answer.status).into());
        }
    }
    for token in confirmations(mail, args.people).await? {
        let body = json!({ "token": token }).to_string();
        let confirm = request("POST", "/credentials/confirm-registration", None, Some(&body));
        connection.send(&confirm).await?;
    }
    let sign_ins: Vec<_> =
        (0..args.people).map(|number| authenticate(&address_of(number))).collect();
    let answer = connection.send(&sign_ins[0]).await?;
    let answer: Value = serde_json::from_slice(&answer.body)?;
    let token = answer["tokens"]["accessToken"]["value"].as_str().ok_or("nobody was signed in")?;
    for _ in 0..50 {
        connection.send(&register(token)).await?;
    }
    let cars = some_cars(address, token).await?;
    let reads: Vec<_> =
        cars.iter().map(|id| request("GET", &format!("/cars/{id}"), Some(token), None)).collect();
    let signing = || http_load::run(address, SIGN_INS, duration, 200, Pace::Closed, &sign_ins);
    let reading = || {
        let pace = Pace::PerSecond(READS_PER_SECOND);
        http_load::run(address, READERS, duration, 200, pace, &reads)
    };

    println!("signing in, {} people, {} s each, SQLite", args.people, args.seconds);
    println!("{:<34}{:>12}{:>12}{:>12}{:>10}", "", "per second", "p50 ms", "p99 ms", "refused");
    let mut shares = vec![];
    for _ in 0..args.rounds.max(1) {
        let bare = hashing::per_second(duration)?;
        println!("{:<34}{bare:>12.1}", "hashes on all cores (reference)");
        let alone = signing().await?;
        print("POST /credentials/auth", &alone);
        shares.push(100.0 * alone.per_second() / bare);
    }
    print("GET /cars/{id}, 200/s, alone", &reading().await?);
    let (signed, read) = tokio::try_join!(signing(), reading())?;
    print("POST /credentials/auth, with reads", &signed);
    print("GET /cars/{id}, 200/s, meanwhile", &read);
    shares.sort_by(f64::total_cmp);
    let shares: Vec<String> = shares.iter().map(|share| format!("{share:.0}")).collect();
    println!("sign-ins are {} % of the hashes\n", shares.join(", "));
    Ok(())
}

fn print(name: &str, run: &Measured) {
    println!(
        "{name:<34}{:>12.1}{:>12.2}{:>12.2}{:>10}",
        run.per_second(),
        run.milliseconds(0.5),
        run.milliseconds(0.99),
        run.bad
    );
    if let Some(refusal) = &run.refusal {
        println!("  {} {}", refusal.status, String::from_utf8_lossy(&refusal.body));
    }
}

fn address_of(number: usize) -> String {
    format!("person{number}@example.com")
}

/// A registration of somebody.
pub fn registration(address: &str) -> Vec<u8> {
    let body = json!({
        "emailAddress": address,
        "firstName": "Ann",
        "lastName": "Miller",
        "password": PASSWORD,
        "termsAndConditionsAccepted": true,
    });
    request("POST", "/credentials/register", None, Some(&body.to_string()))
}

fn authenticate(address: &str) -> Vec<u8> {
    let body = json!({ "username": address, "password": PASSWORD });
    request("POST", "/credentials/auth", None, Some(&body.to_string()))
}

/// The tokens of so many e-mails that ask to confirm a registration.
pub async fn confirmations(mail: &Path, count: usize) -> Outcome<Vec<String>> {
    const LINK: &str = "confirm-password-registration?token=";
    for _ in 0..600 {
        let mut tokens = vec![];
        for entry in std::fs::read_dir(mail)? {
            let text = std::fs::read_to_string(entry?.path()).unwrap_or_default();
            let rest = text.split_once(LINK).map(|(_, rest)| rest).unwrap_or_default();
            let in_token = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let token: String = rest.chars().take_while(|c| in_token(*c)).collect();
            tokens.extend((!token.is_empty()).then_some(token));
        }
        if tokens.len() >= count {
            return Ok(tokens);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("the e-mails did not come".into())
}
