//! Whatever happens to the broker and the way to it, consumers get their events, and the bus comes
//! back by itself.

use std::{sync::Arc, time::Duration};

use adapters::rabbit::{Fallback, Group, Publisher, RabbitFeeds};
use application::ports::{Bus, Feeds, Partition};
use tokio::sync::watch;

use crate::{
    proxy::{Mode, Proxy},
    support::{Follower, Log, Nothing, Place, announced, eventually, insist},
};

/// A publisher and a consumer behind a proxy.
struct Scene {
    place: Place,
    proxy: Proxy,
    publisher: Publisher,
    feeds: RabbitFeeds,
    log: Arc<Log>,
    head: u64,
}

impl Scene {
    async fn new() -> Self {
        let proxy = Proxy::start().await;
        let place = Place::with(proxy.url(), Partition::ONE).await;
        let log = Log::new(0);
        let (publisher, feeds) = (place.publisher(), place.feeds(log.clone()));
        Self { place, proxy, publisher, feeds, log, head: 0 }
    }
    fn follower(&self) -> Follower {
        Follower::new(self.feeds.feed("cars"), &self.log, self.head)
    }
    /// The log grows, and the relay announces it until the bus takes it.
    async fn grow(&mut self) {
        let from = self.head + 1;
        self.head += 100;
        self.log.append(self.head);
        insist(&self.publisher, announced(from..=self.head)).await;
    }
    /// Whether events come over the bus, and not over the fallback.
    async fn is_live(&mut self) {
        let feeds = RabbitFeeds::start(
            self.place.settings.clone(),
            self.place.signatures.clone(),
            Group::Reactions,
            Fallback { feed: Arc::new(Nothing), head: watch::channel(0).1 },
            self.place.audits.clone(),
        );
        feeds.attach(0);
        let mut follower = Follower::new(feeds.feed("mail"), &self.log, self.head);
        self.grow().await;
        follower.reach(self.head).await;
    }
    async fn suffers(mut self, mode: Mode) {
        self.grow().await;
        let mut follower = self.follower();
        follower.reach(self.head).await;
        self.proxy.mode(mode);
        // The log grows while the bus is away, and consumers do not wait for it.
        self.log.append(self.head + 100);
        follower.reach(self.head + 100).await;
        let lost = announced(self.head + 1..=self.head + 100);
        self.publisher.announce(lost.clone()).await.expect_err("nobody confirms it");
        self.head += 100;
        self.proxy.mode(Mode::Pass);
        insist(&self.publisher, lost).await;
        self.is_live().await;
        follower.reach(self.head).await;
    }
}

#[tokio::test]
async fn a_cut_connection_is_made_anew() {
    Scene::new().await.suffers(Mode::Cut).await;
}

#[tokio::test]
async fn a_peer_that_is_silent_is_noticed() {
    Scene::new().await.suffers(Mode::Swallow).await;
}

#[tokio::test]
async fn a_connection_that_is_closed_on_one_side_is_noticed() {
    Scene::new().await.suffers(Mode::HalfClosed).await;
}

#[tokio::test]
async fn a_slow_network_only_makes_it_slow() {
    let mut scene = Scene::new().await;
    scene.proxy.mode(Mode::Late(Duration::from_millis(20)));
    let mut follower = scene.follower();
    for _ in 0..3 {
        scene.grow().await;
        follower.reach(scene.head).await;
    }
    scene.is_live().await;
}

#[tokio::test]
async fn deleted_queues_come_back() {
    let mut scene = Scene::new().await;
    scene.grow().await;
    let mut follower = scene.follower();
    follower.reach(scene.head).await;
    scene.place.delete_queues().await;
    scene.grow().await;
    follower.reach(scene.head).await;
    let settings = &scene.place.settings;
    eventually("the queues are declared again", async || {
        let status = adapters::rabbit::status(settings).await.expect("a status");
        status.queues.iter().all(|queue| queue.counts.is_some()).then_some(())
    })
    .await;
    scene.is_live().await;
    follower.reach(scene.head).await;
}
