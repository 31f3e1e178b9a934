//! Members share a window, processes share a queue, and nobody holds up anybody for ever.

use std::{sync::Arc, time::Duration};

use adapters::rabbit::Fallback;
use application::ports::{Bus, Feeds};

use crate::support::{CARS, Follower, Log, Nothing, Place, announced, quiet};

#[tokio::test]
async fn a_member_that_lags_is_left_behind_and_catches_up_from_the_log() {
    let place = Place::new().await;
    let (publisher, feeds) = (place.publisher(), place.feeds(Arc::new(Nothing)));
    let (seen, lagging) = (Log::new(10), Log::new(10));
    let mut fast = Follower::new(feeds.feed("cars"), &seen, 0);
    let mut slow = Follower::new(feeds.feed("invoices"), &lagging, 0);
    publisher.announce(announced(1..=10)).await.expect("confirmed");
    slow.reach(5).await;
    for batch in 0..10 {
        publisher
            .announce(announced(batch * 400 + 1..=batch * 400 + 400))
            .await
            .expect("confirmed");
        fast.reach(batch * 400 + 400).await;
    }
    // At the very beginning it may have missed what the other one had handled.
    let read = seen.gaps().into_iter().find(|(at, _)| *at >= 10);
    assert_eq!(read, None, "one that is in time reads nothing from the log");
    lagging.append(4_000);
    slow.reach(4_000).await;
    let gaps = lagging.gaps().len();
    assert!(gaps > 0 && gaps < 45, "it read {gaps} pages from the log");
    publisher.announce(announced(4_001..=4_100)).await.expect("confirmed");
    slow.reach(4_100).await;
    assert_eq!(lagging.gaps().len(), gaps, "in time again, it reads no more from the log");
}

#[tokio::test]
async fn of_two_processes_one_gets_the_messages_until_it_leaves() {
    let place = Place::new().await;
    let publisher = place.publisher();
    let log = Log::new(0);
    let (first, second) = (place.feeds(Arc::new(Nothing)), place.feeds(Arc::new(Nothing)));
    let (one, two) = (first.feed("cars"), second.feed("cars"));
    publisher.announce(announced(1..=50)).await.expect("confirmed");
    let page = tokio::select! {
        page = one.next(CARS, 0, 10) => (page, first, second, two),
        page = two.next(CARS, 0, 10) => (page, second, first, one),
    };
    let (page, active, waiting, feed) = page;
    assert!((1..=10).contains(&page.expect("a page").events.len()), "it need not wait for more");
    // Nothing was acknowledged, so the next one gets all of it.
    drop(active);
    let mut follower = Follower::new(feed, &log, 0);
    follower.reach(50).await;
    publisher.announce(announced(51..=60)).await.expect("confirmed");
    follower.reach(60).await;
    assert!(log.gaps().is_empty());
    drop(waiting);
}

#[tokio::test]
async fn a_detached_part_is_left_to_another_process() {
    let place = Place::new().await;
    let publisher = place.publisher();
    let log = Log::new(0);
    let first = place.feeds(Arc::new(Nothing));
    publisher.announce(announced(1..=50)).await.expect("confirmed");
    Follower::new(first.feed("cars"), &log, 0).reach(50).await;
    let second = place.feeds(Arc::new(Nothing));
    first.detach(0);
    publisher.announce(announced(51..=60)).await.expect("confirmed");
    Follower::new(second.feed("cars"), &log, 50).reach(60).await;
    // And back.
    first.attach(0);
    second.detach(0);
    publisher.announce(announced(61..=70)).await.expect("confirmed");
    Follower::new(first.feed("cars"), &log, 60).reach(70).await;
    assert!(log.gaps().is_empty());
}

#[tokio::test]
async fn the_fallback_feeds_whom_the_broker_does_not() {
    let place = Place::new().await;
    let (publisher, log) = (place.publisher(), Log::new(100));
    let (active, waiting) = (place.feeds(log.clone()), place.feeds(log.clone()));
    publisher.announce(announced(1..=100)).await.expect("confirmed");
    for feeds in [&active, &waiting] {
        Follower::new(feeds.feed("cars"), &log, 0).reach(100).await;
    }
    // Both follow on, although only one of them hears of it.
    log.append(200);
    publisher.announce(vec![quiet(200, 200)]).await.expect("confirmed");
    for feeds in [&active, &waiting] {
        Follower::new(feeds.feed("cars"), &log, 100).reach(200).await;
    }
}

/// The broker is there and says so, but is behind the log.
#[tokio::test]
async fn what_the_broker_brings_late_is_read_from_the_log() {
    let place = Place::new().await;
    let (publisher, log) = (place.publisher(), Log::new(0));
    let feeds = place.feeds_beside(Fallback { feed: log.clone(), head: log.head() });
    let mut follower = Follower::new(feeds.feed("cars"), &log, 0);
    log.append(5);
    publisher.announce(announced(1..=5)).await.expect("confirmed");
    follower.reach(5).await;
    let begun = tokio::time::Instant::now();
    log.append(2_000);
    follower.reach(2_000).await;
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "it did not wait for the broker to be silent"
    );
    // What comes then is known already, and what comes after it is news.
    publisher.announce(announced(6..=2_000)).await.expect("confirmed");
    publisher.announce(announced(2_001..=2_010)).await.expect("confirmed");
    log.append(2_010);
    follower.reach(2_010).await;
}
