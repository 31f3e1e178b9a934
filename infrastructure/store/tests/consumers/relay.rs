//! The relay publishes every event in order, whatever happens to it or to the bus.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use application::ports::{Announcement, Bus, BusError, DueWork, News, Partition, WorkQueue};
use async_trait::async_trait;
use store::relay::{self, Relay};
use tokio::{sync::watch, task::JoinSet};

use crate::support::{BOTH, On, Site, until};

/// A bus that keeps what it is given, and does what a test wants of it.
#[derive(Default)]
pub struct Recording {
    announced: Mutex<Vec<Announcement>>,
    work: Mutex<Vec<DueWork>>,
    pub is_away: AtomicBool,
    /// It takes events, and no work.
    pub refuses_work: AtomicBool,
}

#[async_trait]
impl Bus for Recording {
    async fn announce(&self, announcements: Vec<Announcement>) -> Result<(), BusError> {
        // What was given is there, whether it is confirmed or not.
        self.announced.lock().unwrap().extend(announcements);
        self.answer()
    }
    async fn enqueue(&self, work: Vec<DueWork>) -> Result<(), BusError> {
        self.work.lock().unwrap().extend(work);
        if self.refuses_work.load(Ordering::SeqCst) {
            return Err(BusError::Unavailable("it refuses work".into()));
        }
        self.answer()
    }
    async fn holds(&self, queue: WorkQueue) -> Result<u64, BusError> {
        let work = self.work.lock().unwrap();
        Ok(work.iter().filter(|one| one.message.queue == queue).count() as u64)
    }
}

impl Recording {
    fn answer(&self) -> Result<(), BusError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(BusError::Unavailable("it is away".into()));
        }
        Ok(())
    }

    /// The bodies of the work that it holds.
    pub fn work(&self) -> Vec<String> {
        self.work.lock().unwrap().iter().map(|one| one.message.body.clone()).collect()
    }

    /// Somebody deletes its queues.
    pub fn wipe(&self) {
        self.work.lock().unwrap().clear();
    }

    /// The positions of the events of a part, in the order in which they came.
    pub fn events(&self, part: u16) -> Vec<u64> {
        let all = self.announced.lock().unwrap();
        let event = |told: &Announcement| match &told.news {
            News::Event(event) if told.part == part => Some(event.position),
            News::Event(_) | News::Quiet(_) => None,
        };
        all.iter().filter_map(event).collect()
    }

    /// Whether each announcement says where the one before it of its part was.
    fn is_linked(&self, part: u16) -> bool {
        let all = self.announced.lock().unwrap();
        let of_part: Vec<(Option<u64>, u64)> = all
            .iter()
            .filter(|told| told.part == part)
            .map(|told| match &told.news {
                News::Event(event) => (told.previous, event.position),
                News::Quiet(position) => (told.previous, *position),
            })
            .collect();
        of_part.windows(2).all(|two| two[1].0.is_none() || two[1].0 == Some(two[0].1))
    }
}

pub struct Relays {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Relays {
    pub fn start(site: &Site, bus: &Arc<Recording>, partition: Partition) -> Self {
        Self::start_frozen_by(site, bus, partition, watch::channel(false).1)
    }

    /// One that stands still, as a stopped process does, while `frozen` is true.
    fn start_frozen_by(
        site: &Site,
        bus: &Arc<Recording>,
        partition: Partition,
        mut frozen: watch::Receiver<bool>,
    ) -> Self {
        let relay = Relay {
            db: site.log_db.clone(),
            log: site.log.clone(),
            bus: bus.clone(),
            partition,
            clock: site.clock.clone(),
        };
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        let mut running = Box::pin(relay.run(stop.subscribe()));
        tasks.spawn(async move {
            loop {
                // Whoever can freeze it is gone: it runs on.
                let _ = frozen.wait_for(|frozen| !frozen).await;
                tokio::select! {
                    biased;
                    Ok(_) = frozen.wait_for(|frozen| *frozen) => {}
                    () = &mut running => return,
                }
            }
        });
        Self { stop, tasks }
    }

    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

async fn published(site: &Site) -> u64 {
    relay::standing(&site.log_db).await.unwrap().map_or(0, |standing| standing.position)
}

async fn held(site: &Site) -> bool {
    relay::standing(&site.log_db).await.unwrap().is_some_and(|standing| standing.held)
}

#[tokio::test]
async fn it_publishes_everything_once_and_in_order_part_by_part() {
    for on in BOTH {
        let site = Site::new(on).await;
        let (bus, two) = (Arc::new(Recording::default()), Partition::new(2).unwrap());
        let relays = Relays::start(&site, &bus, two);
        until("it begins", || async { held(&site).await }).await;
        let head = site.kettles(0, 600, 1).await;
        until("all is published", || async { published(&site).await == head }).await;
        relays.stop().await;
        let mut all = [bus.events(0), bus.events(1)].concat();
        assert!(bus.events(0).is_sorted() && bus.events(1).is_sorted(), "{on:?}");
        all.sort_unstable();
        assert_eq!(all, (1..=head).collect::<Vec<_>>(), "{on:?}");
        assert!(bus.is_linked(0) && bus.is_linked(1), "{on:?}");
        assert!(!held(&site).await, "who stops lets others take over at once");
    }
}

#[tokio::test]
async fn what_was_not_confirmed_is_published_again() {
    let site = Site::new(On::Postgres).await;
    let bus = Arc::new(Recording::default());
    let relays = Relays::start(&site, &bus, Partition::ONE);
    until("it begins", || async { held(&site).await }).await;
    bus.is_away.store(true, Ordering::SeqCst);
    let head = site.kettles(0, 10, 1).await;
    until("it was tried twice", || async { bus.events(0).len() > 25 }).await;
    assert_eq!(published(&site).await, 0);
    bus.is_away.store(false, Ordering::SeqCst);
    until("all is published", || async { published(&site).await == head }).await;
    let all = bus.events(0);
    assert_eq!(all[all.len() - 20..], (1..=head).collect::<Vec<_>>());
    relays.stop().await;
}

#[tokio::test]
async fn a_backlog_of_full_pages_is_published_in_order_and_what_follows_it() {
    let site = Site::new(On::Postgres).await;
    let bus = Arc::new(Recording::default());
    let relays = Relays::start(&site, &bus, Partition::ONE);
    until("it begins", || async { held(&site).await }).await;
    bus.is_away.store(true, Ordering::SeqCst);
    // Three pages, to the last event.
    let backlog = site.kettles(0, 750, 1).await;
    assert_eq!(backlog, 1_500);
    bus.is_away.store(false, Ordering::SeqCst);
    until("the backlog is published", || async { published(&site).await == backlog }).await;
    let head = site.kettles(1_000, 1, 1).await;
    until("all is published", || async { published(&site).await == head }).await;
    let all = bus.events(0);
    let whole = usize::try_from(head).unwrap();
    assert_eq!(all[all.len() - whole..], (1..=head).collect::<Vec<_>>());
    relays.stop().await;
}

#[tokio::test]
async fn another_takes_over_from_one_that_hangs_which_then_stops() {
    let site = Site::new(On::Postgres).await;
    let (first, second) = (Arc::new(Recording::default()), Arc::new(Recording::default()));
    let (freeze, frozen) = watch::channel(false);
    let hung = Relays::start_frozen_by(&site, &first, Partition::ONE, frozen);
    until("it begins", || async { held(&site).await }).await;
    freeze.send_replace(true);
    let head = site.kettles(0, 5, 1).await;
    let relays = Relays::start(&site, &second, Partition::ONE);
    until("another took over", || async { published(&site).await == head }).await;
    assert_eq!(second.events(0), (1..=head).collect::<Vec<_>>());
    freeze.send_replace(false);
    let head = site.kettles(100, 5, 1).await;
    until("the other goes on", || async { published(&site).await == head }).await;
    assert_eq!(second.events(0), (1..=head).collect::<Vec<_>>());
    relays.stop().await;
    hung.stop().await;
}

#[tokio::test]
async fn every_statement_of_the_relay_is_one_that_the_engines_take() {
    for on in BOTH {
        let site = Site::new(on).await;
        for statement in relay::statements() {
            let taken = site.log_db.prepare(statement).await;
            assert!(taken.is_ok(), "{on:?} refuses {statement}: {taken:?}");
        }
    }
}
