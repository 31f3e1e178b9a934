//! Organizations of many members: what reading them costs, how fast others join, how soon all get what
//! was subscribed to, and how soon what is taken from somebody is gone everywhere.

mod losing;
mod many;

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    Outcome,
    child::Host,
    databases::Postgres,
    http_load::{self, Answer, Connection, Measured, Pace, request},
    people::{confirmations, registration},
};
use many::Inside;

/// Connections that make and invite members.
const MAKERS: usize = 16;
const CONNECTIONS: usize = 64;
/// Members who registered: those of the first page.
const FIRST: usize = 100;
/// Others who join when all the others are there.
const JOINING: usize = 300;
/// Of the pages of members.
const PAGES_PER_SECOND: f64 = 100.0;
/// How long a host is looked at, and how much of a core it may take to be at rest.
const LOOK: Duration = Duration::from_secs(1);
const QUIET: f64 = 0.05;
const PASSWORD: &str = "1Password!";

#[derive(clap::Args)]
pub struct Args {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many people are members.
    #[arg(long, default_value_t = 10_000)]
    members: usize,
    /// How often something is taken from somebody.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
}

/// Somebody who signed in.
pub(crate) struct Member {
    id: String,
    address: String,
}

/// Measures on PostgreSQL, with an embedded worker and a second host for queries.
pub async fn run(args: Args) -> Outcome {
    let database = Postgres::create("tenants").await?;
    let (url, folder) = (database.url()?, tempfile::tempdir()?);
    let data = folder.path().join("data");
    let path = data.to_str().ok_or("the path is not UTF-8")?;
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("GROUNDWORK_DATA", path),
        ("GROUNDWORK_HTTP_RATE_PER_SECOND", "0"),
        ("GROUNDWORK_SIGN_IN_RATE_PER_SECOND", "0"),
        ("GROUNDWORK_PASSWORD_MEMORY_KIB", "64"),
        ("GROUNDWORK_PASSWORD_PASSES", "1"),
    ];
    let host = Host::start(&settings).await?;
    let other = Host::start_as("queries-process", &settings).await?;
    let at = host.address();
    let mut connection = Connection::open(at).await?;
    let owner = register(&mut connection, "owner@example.com").await?;
    let member = register(&mut connection, "member@example.com").await?;
    confirm(&mut connection, &data.join("mail"), 2).await?;
    let token = sign_in(&mut connection, &owner).await?;
    let organization = found(&mut connection, &token).await?;
    let token = owning(&mut connection, &owner, &organization).await?;
    invite(at, &organization, &token, std::slice::from_ref(&member.id)).await?;
    losing::run([at, other.address()], &organization, &owner, &member, args.rounds).await?;

    println!("{} members join", args.members);
    let people = many(at, FIRST + JOINING).await?;
    let (first, joining) = people.split_at(FIRST);
    // Nobody keeps a connection that rested so long.
    let mut connection = Connection::open(at).await?;
    let token = owning(&mut connection, &owner, &organization).await?;
    invite(at, &organization, &token, first).await?;
    joined(&mut connection, &organization, &token, FIRST + 2).await?;
    let pool = database.pool(2).await?;
    let inside = Inside::open(&settings, pool.clone(), &organization).await?;
    let guests = args.members.saturating_sub(FIRST + 2);
    inside.add_guests(guests).await?;
    joined(&mut connection, &organization, &token, FIRST + 2 + guests).await?;
    settled(&host).await?;
    // What the database does by itself within a minute.
    sqlx::query("VACUUM ANALYZE").execute(&pool).await?;
    let mut connection = Connection::open(at).await?;
    let token = owning(&mut connection, &owner, &organization).await?;
    read(at, &organization, &token, &args).await?;

    let Some((last, joining)) = joining.split_last() else { return Ok(()) };
    let mut connection = Connection::open(at).await?;
    let token = owning(&mut connection, &owner, &organization).await?;
    let begun = Instant::now();
    invite(at, &organization, &token, joining).await?;
    joined(&mut connection, &organization, &token, FIRST + 2 + guests + joining.len()).await?;
    let rate = f64::from(u32::try_from(joining.len())?) / begun.elapsed().as_secs_f64();
    println!("{} more join, by {MAKERS} callers: {rate:.0}/s", joining.len());
    settled(&host).await?;

    let begun = Instant::now();
    inside.choose_plan().await?;
    invite(at, &organization, &token, std::slice::from_ref(last)).await?;
    let (all, one) = tokio::join!(inside.reset(guests, begun), inside.is_member(last, begun));
    println!("a plan is chosen: {guests} members have its features after {:.1?}", all?);
    println!("somebody who is invited then is a member after {:.1?}", one?);
    inside.close().await;
    pool.close().await;
    other.stop()?;
    host.stop()?;
    database.drop().await
}

async fn read(at: SocketAddr, organization: &str, token: &str, args: &Args) -> Outcome {
    let duration = Duration::from_secs(args.seconds);
    println!("PostgreSQL, {} s each", args.seconds);
    println!(
        "{:<44}{:>12}{:>12}{:>12}{:>10}",
        "request", "answers/s", "p50 ms", "p99 ms", "refused"
    );
    for path in [
        format!("/organizations/{organization}"),
        format!("/subscriptions/{organization}"),
        "/memberships/me".to_owned(),
    ] {
        let requests = [request("GET", &path, Some(token), None)];
        let run = http_load::run(at, CONNECTIONS, duration, 200, Pace::Closed, &requests).await?;
        print(&path.replace(organization, "{id}"), &run);
    }
    let path = format!("/organizations/{organization}/members");
    let requests = [request("GET", &path, Some(token), None)];
    for (name, pace) in [
        ("first page of members, 100/s", Pace::PerSecond(PAGES_PER_SECOND)),
        ("first page of members, all that fits", Pace::Closed),
    ] {
        print(name, &http_load::run(at, 8, duration, 200, pace, &requests).await?);
    }
    let requests = [request("GET", &format!("{path}?limit=10"), Some(token), None)];
    let run = http_load::run(at, CONNECTIONS, duration, 200, Pace::Closed, &requests).await?;
    print("10 members, all that fits", &run);
    Ok(())
}

fn print(name: &str, run: &Measured) {
    println!(
        "{name:<44}{:>12.0}{:>12.2}{:>12.2}{:>10}",
        run.per_second(),
        run.milliseconds(0.5),
        run.milliseconds(0.99),
        run.bad
    );
    if let Some(refusal) = &run.refusal {
        println!("  {} {}", refusal.status, String::from_utf8_lossy(&refusal.body));
    }
}

async fn register(connection: &mut Connection, address: &str) -> Outcome<Member> {
    let answer = expect(200, &connection.send(&registration(address)).await?)?;
    let id = answer["person"]["user"]["id"].as_str().ok_or("nobody was registered")?.to_owned();
    Ok(Member { id, address: address.to_owned() })
}

async fn confirm(connection: &mut Connection, mail: &Path, count: usize) -> Outcome {
    for token in confirmations(mail, count).await? {
        let body = json!({ "token": token }).to_string();
        let confirm = request("POST", "/credentials/confirm-registration", None, Some(&body));
        expect(200, &connection.send(&confirm).await?)?;
    }
    Ok(())
}

/// An access token of somebody.
async fn sign_in(connection: &mut Connection, who: &Member) -> Outcome<String> {
    let body = json!({ "username": who.address, "password": PASSWORD }).to_string();
    let sign_in = request("POST", "/credentials/auth", None, Some(&body));
    let answer = expect(200, &connection.send(&sign_in).await?)?;
    let token = answer["tokens"]["accessToken"]["value"].as_str();
    Ok(token.ok_or("nobody was signed in")?.to_owned())
}

/// Founds an organization that others can join.
async fn found(connection: &mut Connection, token: &str) -> Outcome<String> {
    let found = request("POST", "/organizations", Some(token), Some(r#"{"name":"Many"}"#));
    let answer = expect(200, &connection.send(&found).await?)?;
    Ok(answer["organization"]["id"].as_str().ok_or("nothing was founded")?.to_owned())
}

/// A token with which somebody owns the organization, as soon as it does.
async fn owning(connection: &mut Connection, who: &Member, organization: &str) -> Outcome<String> {
    for _ in 0..1000 {
        let token = sign_in(connection, who).await?;
        let path = format!("/subscriptions/{organization}");
        let answer = connection.send(&request("GET", &path, Some(&token), None)).await?;
        if answer.status == 200 {
            return Ok(token);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("the organization has no owner".into())
}

/// The ids of so many people who register.
async fn many(at: SocketAddr, count: usize) -> Outcome<Vec<String>> {
    let requests = (0..count).map(|n| registration(&format!("person{n}@example.com"))).collect();
    let answers = send_all(at, requests).await?;
    let id = |answer: &Value| answer["person"]["user"]["id"].as_str().map(str::to_owned);
    answers.iter().map(|answer| Ok(id(answer).ok_or("nobody was registered")?)).collect()
}

async fn invite(at: SocketAddr, organization: &str, token: &str, people: &[String]) -> Outcome {
    let path = format!("/organizations/{organization}/members");
    let invitation = |id: &String| {
        let body = json!({ "userId": id }).to_string();
        // Nobody has to see it before the next is invited.
        let token = format!("{token}\r\nPrefer: respond-async");
        request("POST", &path, Some(&token), Some(&body))
    };
    send_all(at, people.iter().map(invitation).collect()).await.map(drop)
}

/// Sends all of them, over a few connections.
async fn send_all(at: SocketAddr, requests: Vec<Vec<u8>>) -> Outcome<Vec<Value>> {
    let mut tasks = JoinSet::new();
    for part in requests.chunks(requests.len().div_ceil(MAKERS).max(1)).map(<[_]>::to_vec) {
        tasks.spawn(async move {
            let mut connection = Connection::open(at).await?;
            let mut answers = vec![];
            for request in part {
                answers.push(again(&mut connection, &request).await?);
            }
            Outcome::Ok(answers)
        });
    }
    let mut answers = vec![];
    while let Some(part) = tasks.join_next().await {
        answers.extend(part??);
    }
    Ok(answers)
}

/// Everybody joins the same organization at once, so that some lose a race and try again.
async fn again(connection: &mut Connection, request: &[u8]) -> Outcome<Value> {
    loop {
        let answer = connection.send(request).await?;
        if answer.status != 409 && answer.status != 503 {
            return expect(200, &answer);
        }
    }
}

/// Waits until everything that follows is done.
async fn settled(host: &Host) -> Outcome {
    for _ in 0..600 {
        let before = host.cpu()?;
        tokio::time::sleep(LOOK).await;
        if (host.cpu()?.saturating_sub(before)).as_secs_f64() < QUIET * LOOK.as_secs_f64() {
            return Ok(());
        }
    }
    Err("the host does not come to rest".into())
}

/// Waits until so many are members.
async fn joined(
    connection: &mut Connection,
    organization: &str,
    token: &str,
    count: usize,
) -> Outcome {
    let path = format!("/organizations/{organization}/members?limit=1");
    for _ in 0..6000 {
        let list = request("GET", &path, Some(token), None);
        let answer = expect(200, &connection.send(&list).await?)?;
        if answer["metadata"]["total"] == json!(count) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("not everybody joined".into())
}

fn expect(status: u16, answer: &Answer) -> Outcome<Value> {
    if answer.status != status {
        let body = String::from_utf8_lossy(&answer.body);
        return Err(format!("answered {}, not {status}: {body}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}
