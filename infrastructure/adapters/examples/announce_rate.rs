//! How fast announcements are confirmed, beside a bare loop over lapin, on the broker at `AMQP_URL`.
//!
//!     cargo run --release -p adapters --example announce_rate

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::{
    rabbit::{Publisher, Settings},
    secret::Secret,
    signatures::Signatures,
};
use application::ports::{Announcement, Bus, News, Partition, Recorded, StreamId, WorkQueue};
use domain::kernel::Timestamp;
use futures_util::future::join_all;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions,
        QueuePurgeOptions,
    },
};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const PREFIX: &str = "rate.";
const BATCH: u64 = 500;
const BATCHES: u64 = 40;
/// As long as a message with its headers is.
const BODY: usize = 600;

#[tokio::main]
async fn main() -> Outcome<()> {
    #[expect(clippy::disallowed_methods, reason = "an example has no settings file")]
    let url = std::env::var("AMQP_URL")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned());
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let settings =
        Settings { url: Secret::new(url), prefix: PREFIX.to_owned(), partition: Partition::ONE };
    let publisher = Publisher::start(settings, Arc::new(Signatures::new(&Secret::new("rate"))));
    publisher.announce(batch(0)).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;

    for round in 1..=3 {
        let bare = bare(&channel).await?;
        purge(&channel).await?;
        let ours = announced(&publisher, 1).await?;
        purge(&channel).await?;
        let two = announced(&publisher, 2).await?;
        purge(&channel).await?;
        println!(
            "round {round}: bare lapin {bare:.0}/s, announce {ours:.0}/s ({:.0} %), two at a time \
             {two:.0}/s ({:.0} %)",
            ours / bare * 100.0,
            two / bare * 100.0,
        );
    }
    clean(&channel).await
}

fn rate(took: Duration) -> f64 {
    f64::from(u32::try_from(BATCH * BATCHES).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

/// Publishes a batch one by one, then awaits every confirm.
async fn bare(channel: &Channel) -> Outcome<f64> {
    let body = vec![b'x'; BODY];
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let begun = Instant::now();
    for _ in 0..BATCHES {
        let mut confirms = Vec::new();
        for _ in 0..BATCH {
            let persistent = BasicProperties::default().with_delivery_mode(2);
            let (exchange, key) = (format!("{PREFIX}domain_events"), "cars.registered.v1.q0");
            let sent =
                channel.basic_publish(exchange.into(), key.into(), options, &body, persistent);
            confirms.push(sent.await?);
        }
        for confirm in confirms {
            if !confirm.await?.is_ack() {
                return Err("refused".into());
            }
        }
    }
    Ok(rate(begun.elapsed()))
}

async fn announced(publisher: &Publisher, at_once: u64) -> Outcome<f64> {
    let begun = Instant::now();
    for first in 0..BATCHES / at_once {
        let calls = (0..at_once).map(|next| publisher.announce(batch(first * at_once + next)));
        for done in join_all(calls).await {
            done?;
        }
    }
    Ok(rate(begun.elapsed()))
}

fn batch(number: u64) -> Vec<Announcement> {
    let event = |position: u64| Recorded {
        position,
        stream: StreamId { kind: Cow::Borrowed("car"), id: format!("car_{position}") },
        sequence: 1,
        event_id: Uuid::from_u128(u128::from(position)),
        name: "registered".to_owned(),
        version: 1,
        payload: format!(r#"{{"make":"Honda","model":"Civic","year":2024,"of":"org_{position}"}}"#),
        metadata: r#"{"tenant":"org_1","actor":"user_1","correlation":"call_1"}"#.to_owned(),
        recorded_at: Timestamp::MIN,
    };
    let positions = number * BATCH + 1..=(number + 1) * BATCH;
    positions
        .map(|position| {
            let news = News::Event(event(position));
            Announcement { part: 0, previous: Some(position - 1), news }
        })
        .collect()
}

async fn purge(channel: &Channel) -> Outcome<()> {
    for group in ["projectors", "reactions"] {
        let queue = format!("{PREFIX}domain_events.q0.{group}.v1");
        channel.queue_purge(queue.into(), QueuePurgeOptions::default()).await?;
    }
    Ok(())
}

async fn clean(channel: &Channel) -> Outcome<()> {
    let groups = ["projectors", "reactions"].map(|group| format!("domain_events.q0.{group}.v1"));
    let work = WorkQueue::ALL.iter();
    let work = work.flat_map(|queue| [queue.name().to_owned(), format!("{}-poison", queue.name())]);
    for queue in groups.into_iter().chain(work).chain(["domain_events.unrouted".to_owned()]) {
        let name = format!("{PREFIX}{queue}").into();
        channel.queue_delete(name, QueueDeleteOptions::default()).await?;
    }
    for exchange in ["domain_events", "domain_events.unrouted"] {
        let name = format!("{PREFIX}{exchange}").into();
        channel.exchange_delete(name, ExchangeDeleteOptions::default()).await?;
    }
    Ok(())
}
