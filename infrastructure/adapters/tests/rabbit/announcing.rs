//! What is announced is what consumers get.

use std::sync::Arc;

use application::ports::{Bus, Feeds};

use crate::support::{Follower, Log, Nothing, Place, announced};

#[tokio::test]
async fn a_consumer_gets_exactly_what_the_log_has_and_in_its_order() {
    let place = Place::new().await;
    let (publisher, feeds, log) = (place.publisher(), place.feeds(Arc::new(Nothing)), Log::new(0));
    let mut follower = Follower::new(feeds.feed("cars"), &log, 0);
    publisher.announce(announced(1..=300)).await.expect("confirmed");
    follower.reach(300).await;
    publisher.announce(announced(301..=2_000)).await.expect("confirmed");
    follower.reach(2_000).await;
    assert!(log.gaps.lock().unwrap().is_empty(), "the bus told all of it");
}
