//! What is announced is what consumers get, and nothing else is.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use adapters::{rabbit::Settings, secret::Secret, signatures::Signatures};
use application::ports::{Announcement, Bus, Feeds, News, Partition, Recorded, StreamId, Wanted};
use lapin::{options::QueueDeleteOptions, types::AMQPValue};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::support::{CARS, Follower, Log, Nothing, Place, announced, announcement, event, quiet};

const QUEUE: &str = "domain_events.q0.projectors.v1";
const OTHER: &str = "domain_events.q0.reactions.v1";

#[tokio::test]
async fn a_consumer_gets_exactly_what_the_log_has_and_in_its_order() {
    let place = Place::new().await;
    let (publisher, feeds, log) = (place.publisher(), place.feeds(Arc::new(Nothing)), Log::new(0));
    let mut follower = Follower::new(feeds.feed("cars"), &log, 0);
    publisher.announce(announced(1..=300)).await.expect("confirmed");
    follower.reach(300).await;
    publisher.announce(announced(301..=2_000)).await.expect("confirmed");
    follower.reach(2_000).await;
    assert!(log.gaps().is_empty(), "the bus told all of it");
    feeds.detach(0);
    assert_eq!(place.left(QUEUE).await, 0, "what was handled is acknowledged");
    assert_eq!(place.left("domain_events.unrouted").await, 0);
}

#[tokio::test]
async fn overlapping_announcements_keep_their_order() {
    let place = Place::new().await;
    let (publisher, feeds, log) = (place.publisher(), place.feeds(Arc::new(Nothing)), Log::new(0));
    let calls = (0..10).map(|call| publisher.announce(announced(call * 50 + 1..=call * 50 + 50)));
    for call in futures_util::future::join_all(calls).await {
        call.expect("confirmed");
    }
    Follower::new(feeds.feed("cars"), &log, 0).reach(500).await;
    assert!(log.gaps().is_empty(), "nothing came between or too late");
}

#[tokio::test]
async fn repeated_and_late_messages_change_nothing() {
    let place = Place::new().await;
    let (publisher, feeds, log) = (place.publisher(), place.feeds(Arc::new(Nothing)), Log::new(50));
    let mut follower = Follower::new(feeds.feed("cars"), &log, 0);
    for positions in [1..=20, 5..=10, 1..=20, 41..=50, 21..=40, 51..=60] {
        log.append(*positions.end());
        publisher.announce(announced(positions)).await.expect("confirmed");
    }
    // The last one is not in the log, so it came behind all the others.
    publisher.announce(announced(61..=61)).await.expect("confirmed");
    follower.reach(61).await;
    feeds.detach(0);
    assert_eq!(place.left(QUEUE).await, 0);
}

#[tokio::test]
async fn a_hole_is_read_from_the_log() {
    let place = Place::new().await;
    let (publisher, feeds, log) = (place.publisher(), place.feeds(Arc::new(Nothing)), Log::new(0));
    let mut follower = Follower::new(feeds.feed("cars"), &log, 0);
    publisher.announce(announced(1..=10)).await.expect("confirmed");
    follower.reach(10).await;
    log.append(30);
    publisher.announce(announced(21..=30)).await.expect("confirmed");
    follower.reach(30).await;
    assert_eq!(log.gaps(), [(10, 20)]);
    // The relay does not always know what came before.
    log.append(40);
    publisher.announce(vec![announcement(40, None)]).await.expect("confirmed");
    follower.reach(40).await;
    assert_eq!(log.gaps(), [(10, 20), (30, 39)]);
}

#[tokio::test]
async fn a_quiet_part_goes_on() {
    let place = Place::new().await;
    let (publisher, feeds, log) = (place.publisher(), place.feeds(Arc::new(Nothing)), Log::new(5));
    let feed = feeds.feed("cars");
    publisher.announce(announced(1..=5)).await.expect("confirmed");
    Follower::new(feed.clone(), &log, 0).reach(5).await;
    publisher.announce(vec![quiet(5, 90)]).await.expect("confirmed");
    let page = feed.next(CARS, 5, 10).await.expect("a page");
    assert_eq!((page.after, page.events.len(), page.through), (5, 0, 90));
    // What it says of the time before is a hole like any other.
    publisher.announce(vec![quiet(95, 99)]).await.expect("confirmed");
    assert_eq!(feed.next(CARS, 90, 10).await.expect("a page").after, 95);
}

#[tokio::test]
async fn a_large_event_is_read_from_the_log() {
    let place = Place::new().await;
    let (publisher, feeds) = (place.publisher(), place.feeds(Arc::new(Nothing)));
    let large = Recorded { payload: format!("\"{}\"", "x".repeat(200 * 1024)), ..event(2) };
    let announcements = vec![
        announcement(1, Some(0)),
        Announcement { part: 0, previous: Some(1), news: News::Event(large) },
        announcement(3, Some(2)),
    ];
    publisher.announce(announcements).await.expect("confirmed");
    let feed = feeds.feed("cars");
    assert_eq!(feed.next(CARS, 0, 10).await.expect("a page").events, [event(1)]);
    assert_eq!(feed.next(CARS, 1, 10).await.expect("a page").after, 2);
    assert_eq!(feed.next(CARS, 2, 10).await.expect("a page").events, [event(3)]);
    assert!(place.message(OTHER).await.data.len() < 1_000);
}

#[tokio::test]
async fn a_part_gets_its_own_events_only() {
    let partition = Partition::new(2).expect("two");
    let place = Place::with(crate::support::url(), partition).await;
    let (publisher, feeds) = (place.publisher(), place.feeds(Arc::new(Nothing)));
    feeds.attach(1);
    let feed = feeds.feed("cars");
    let of = |part| (1..99).map(event).find(|event| partition.part(&event.stream) == part);
    for event in [of(0), of(1)].map(|event| event.expect("some stream is there")) {
        let part = partition.part(&event.stream);
        let news = News::Event(event.clone());
        let announcement = Announcement { part, previous: Some(0), news };
        publisher.announce(vec![announcement]).await.expect("confirmed");
        assert_eq!(
            feed.next(Wanted { part, ..CARS }, 0, 10).await.expect("a page").events,
            [event]
        );
    }
}

#[tokio::test]
async fn forged_and_malformed_messages_change_nothing() {
    let counters = counters();
    let place = Place::new().await;
    drop(place.feeds(Arc::new(Nothing)));
    assert_eq!(counters.lock().unwrap().len(), 4, "each is there before it counts");
    let publisher = place.publisher();
    publisher.announce(announced(1..=1)).await.expect("confirmed");
    let genuine = place.message(OTHER).await;
    let (body, of) = (genuine.data.clone(), genuine.properties.clone());
    let headers = of.headers().clone().expect("headers");
    let key = "cars.registered.v1.q0";
    let send = async |of, body: &[u8]| place.publish("domain_events", key, of, body).await;

    // Another body, another position, no signature, no headers at all.
    let other = String::from_utf8(body.clone()).expect("text").replace("Ḧonda", "Lada");
    send(of.clone(), other.as_bytes()).await;
    let mut changed = headers.clone();
    changed.insert("pos".into(), AMQPValue::LongLongInt(7));
    send(of.clone().with_headers(changed), &body).await;
    let mut unsigned = headers.inner().clone();
    unsigned.remove("X-HMAC-Signature");
    send(of.clone().with_headers(unsigned.into()), &body).await;
    send(lapin::BasicProperties::default(), b"\xff").await;
    // Signed by somebody else, or by us for another partition, or contradicting itself.
    let stranger = Arc::new(Signatures::new(&Secret::new("a guess")));
    let stranger = adapters::rabbit::Publisher::start(place.settings.clone(), stranger);
    stranger.announce(announced(2..=2)).await.expect("confirmed");
    let partition = Partition::new(2).expect("two");
    let repartitioned = Settings { partition, ..place.settings.clone() };
    let two = adapters::rabbit::Publisher::start(repartitioned, place.signatures.clone());
    two.announce(announced(2..=2)).await.expect("confirmed");
    publisher.announce(vec![announcement(2, Some(3))]).await.expect("confirmed");
    publisher.announce(announced(2..=2)).await.expect("confirmed");

    let (feeds, log) = (place.feeds(Arc::new(Nothing)), Log::new(0));
    Follower::new(feeds.feed("cars"), &log, 0).reach(2).await;
    assert!(log.gaps().is_empty());
    feeds.detach(0);
    assert_eq!(place.left(QUEUE).await, 0, "what is refused does not come again");
    let refused = |reason| {
        let counts = counters.lock().unwrap();
        counts.get(reason).map(|count| count.load(Ordering::Relaxed))
    };
    assert_eq!(refused("signature"), Some(4));
    assert_eq!(refused("malformed"), Some(1));
    assert_eq!(refused("parts"), Some(1));
    assert_eq!(refused("contradiction"), Some(1));
    let audited = place.audits.all();
    let reasons: Vec<_> = audited.iter().map(|(_, arguments)| &*arguments[1]).collect();
    let forged = ["signature", "signature", "signature", "malformed", "signature", "contradiction"];
    assert_eq!(reasons, forged, "another division into parts is no forgery");
    let (code, arguments) = &audited[0];
    let (id, exchange) = (of.message_id().as_ref().unwrap().as_str(), place.name("domain_events"));
    assert_eq!(*code, "EventBus.Failed.InvalidMessage");
    assert_eq!(arguments, &["1", "signature", id, &exchange, key]);
}

#[tokio::test]
async fn what_no_queue_takes_is_kept_apart_and_what_nobody_takes_is_no_success() {
    let place = Place::new().await;
    let publisher = place.publisher();
    publisher.announce(announced(1..=1)).await.expect("confirmed");
    // Of a part that has no queues.
    let stray = || vec![Announcement { part: 9, ..announcement(2, Some(1)) }];
    publisher.announce(stray()).await.expect("confirmed");
    assert_eq!(place.left("domain_events.unrouted").await, 1);
    let kept = place.message("domain_events.unrouted").await;
    assert_eq!(kept.routing_key.as_str(), "car.registered.v1.q9");
    let (channel, unrouted) = (place.channel().await, place.name("domain_events.unrouted"));
    channel.queue_delete(unrouted.into(), QueueDeleteOptions::default()).await.expect("deleted");
    let error = publisher.announce(stray()).await.expect_err("it was returned");
    assert!(error.to_string().contains("RabbitMQ returned message domain_events_"), "{error}");
}

/// Somebody registered at a position.
fn registered(position: u64) -> Recorded {
    let payload = r#"{"classification":"machine","access":"enabled","status":"registered","roles":["platform_standard"],"features":["platform_basic_features"]}"#;
    Recorded {
        stream: StreamId::new("end_user", "user_aaaaaaaaaa"),
        payload: payload.to_owned(),
        ..event(position)
    }
}

#[tokio::test]
async fn other_systems_are_told_of_registrations_if_they_listen() {
    let place = Place::new().await;
    let publisher = place.publisher();
    let announcements = || {
        let told = |position: u64, event| Announcement {
            part: 0,
            previous: Some(position - 1),
            news: News::Event(event),
        };
        // Nobody can say what the second one is about, which keeps nothing back.
        let unreadable = Recorded { payload: "{}".to_owned(), ..registered(2) };
        vec![told(1, registered(1)), told(2, unreadable), told(3, event(3)), told(4, registered(4))]
    };
    publisher.announce(announcements()).await.expect("confirmed, although nobody listens");
    place.listen().await;
    for _ in 0..2 {
        publisher.announce(announcements()).await.expect("confirmed");
    }
    let heard = place.heard(4).await;
    let ids: Vec<_> = heard
        .iter()
        .map(|delivery| delivery.properties.message_id().as_ref().expect("an id").as_str())
        .collect();
    let [first, second] = [1, 4].map(|position: u32| format!("integration_events_{position:032x}"));
    assert_eq!(ids, [&first, &second, &first, &second], "the same ids when they come again");
    assert_eq!(heard[0].data, heard[2].data);
    let message: serde_json::Value = serde_json::from_slice(&heard[0].data).expect("JSON");
    assert_eq!(message["messageId"], first.as_str());
    assert_eq!(message["event"]["eventType"], "person_registered");
    assert_eq!(heard[0].routing_key.as_str(), "end_users.person_registered.v1");
    assert_eq!(place.left("domain_events.unrouted").await, 0);
}

/// Refusals by their reason.
type Counts = Mutex<BTreeMap<String, Arc<AtomicU64>>>;

struct Counters(&'static Counts);

fn counters() -> &'static Counts {
    static COUNTS: LazyLock<Counts> = LazyLock::new(Counts::default);
    let _ = metrics::set_global_recorder(Counters(&COUNTS));
    &COUNTS
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let reason = key.labels().find(|label| label.key() == "reason").expect("a reason");
        let mut counts = self.0.lock().unwrap();
        Counter::from_arc(counts.entry(reason.value().to_owned()).or_default().clone())
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
