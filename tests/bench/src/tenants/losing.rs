//! How soon a role or an API key that is taken from somebody is gone at every host.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde_json::json;

use super::{Member, expect, owning, sign_in};
use crate::{
    Outcome,
    http_load::{Connection, request},
};

/// How often hosts are asked whether it is gone.
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes something so many times, and waits each time until all hosts know.
pub async fn run(
    at: [SocketAddr; 2],
    organization: &str,
    owner: &Member,
    member: &Member,
    rounds: usize,
) -> Outcome {
    let mut hosts = [Connection::open(at[0]).await?, Connection::open(at[1]).await?];
    let mut commands = Connection::open(at[0]).await?;
    let token = owning(&mut commands, owner, organization).await?;
    println!("from the answer until both of two hosts refuse, {rounds} times each");
    println!("{:<30}{:>12}{:>12}{:>12}", "", "p50 ms", "p99 ms", "most ms");
    let mut roles = Histogram::<u64>::new_with_max(60_000_000, 3)?;
    let path = format!("/subscriptions/{organization}");
    for _ in 0..rounds {
        change(&mut commands, organization, "assign", &token, member).await?;
        // Until a token has the role.
        let held = owning(&mut commands, member, organization).await?;
        await_status(&mut hosts, &path, &held, 200, Instant::now()).await?;
        change(&mut commands, organization, "unassign", &token, member).await?;
        let gone = await_status(&mut hosts, &path, &held, 403, Instant::now()).await?;
        roles.saturating_record(u64::try_from(gone.as_micros())?);
    }
    print("a role of a token", &roles);
    let mut keys = Histogram::<u64>::new_with_max(60_000_000, 3)?;
    for _ in 0..rounds {
        let signed_in = sign_in(&mut commands, member).await?;
        let create = request("POST", "/apikeys", Some(&signed_in), Some("{}"));
        let made = expect(200, &commands.send(&create).await?)?;
        let key = made["apiKey"].as_str().ok_or("no key was made")?;
        let path = format!("/cars?apikey={}", key.replace('|', "%7C").replace('#', "%23"));
        await_status(&mut hosts, &path, "", 200, Instant::now()).await?;
        let list = request("GET", "/apikeys", Some(&signed_in), None);
        let list = expect(200, &commands.send(&list).await?)?;
        let shown = list["keys"].as_array().and_then(|keys| {
            keys.iter().find(|shown| shown["key"].as_str().is_some_and(|part| key.contains(part)))
        });
        let id = shown.and_then(|shown| shown["id"].as_str()).ok_or("the key is not listed")?;
        let delete = request("DELETE", &format!("/apikeys/{id}"), Some(&signed_in), None);
        let answer = commands.send(&delete).await?;
        if answer.status != 204 {
            return Err(format!("deleting a key was answered {}", answer.status).into());
        }
        let gone = await_status(&mut hosts, &path, "", 401, Instant::now()).await?;
        keys.saturating_record(u64::try_from(gone.as_micros())?);
    }
    print("an API key", &keys);
    Ok(())
}

async fn change(
    connection: &mut Connection,
    organization: &str,
    how: &str,
    token: &str,
    member: &Member,
) -> Outcome {
    let body = json!({ "userId": member.id, "roles": ["tenant_billing_admin"] }).to_string();
    let path = format!("/organizations/{organization}/roles/{how}");
    let begun = Instant::now();
    loop {
        let answer = connection.send(&request("PUT", &path, Some(token), Some(&body))).await?;
        // It is no member before its invitation has had its effect.
        if answer.status == 202 {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return expect(202, &answer).map(drop);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks all hosts until each answered so; how long that took.
async fn await_status(
    hosts: &mut [Connection],
    path: &str,
    token: &str,
    status: u16,
    since: Instant,
) -> Outcome<Duration> {
    let token = (!token.is_empty()).then_some(token);
    for host in hosts {
        while host.send(&request("GET", path, token, None)).await?.status != status {
            if since.elapsed() > PATIENCE {
                return Err(format!("{path} is not answered {status}").into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(since.elapsed())
}

fn print(name: &str, times: &Histogram<u64>) {
    let millis = |micros| Duration::from_micros(micros).as_secs_f64() * 1000.0;
    println!(
        "{name:<30}{:>12.1}{:>12.1}{:>12.1}",
        millis(times.value_at_quantile(0.5)),
        millis(times.value_at_quantile(0.99)),
        millis(times.max())
    );
}
