//! Loading aggregates: from what was loaded lately, from snapshots, from all their events.

mod counted;

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use application::{
    Call, Caller, Loaded, Repository,
    ports::{EventLog, Ids, Vault},
};
use domain::kernel::{Aggregate, Evolve, IdToken, OrganizationId};
use serde::{Deserialize, Serialize};
use store::sealing::SealedLog;
use uuid::Uuid;

#[cfg(feature = "testing-only")]
use crate::support::Backend;
use crate::{
    sealing::Mirror,
    support::{Fixture, rand},
};
use counted::Counted;

domain::events! {
    /// What happens to a shelf.
    pub enum ShelfEvent in "kitchen" for "shelf" {
        /// Something was put on it.
        public Filled = "filled" v 1 { with: String },
        /// Somebody wrote a name on it.
        public Named = "named" v 1 { owner: String } sealed { name: String },
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Shelf {
    things: Vec<String>,
    owner: Option<String>,
    name: String,
}

impl Evolve for Shelf {
    const TYPE: &'static str = "shelf";
    type Event = ShelfEvent;
    fn evolve(&mut self, event: &ShelfEvent) {
        match event.clone() {
            ShelfEvent::Filled { with } => self.things.push(with),
            ShelfEvent::Named { owner, name } => (self.owner, self.name) = (Some(owner), name),
        }
    }
}

impl Aggregate for Shelf {
    const STATE_VERSION: u32 = 1;
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        false
    }
    fn subject(&self, _: &str) -> Option<String> {
        self.owner.clone()
    }
}

/// Makes ids that nobody guesses.
struct Random;

impl Ids for Random {
    fn token(&self) -> IdToken {
        IdToken::from_bits(rand())
    }
    fn event_id(&self) -> Uuid {
        Uuid::from_u128(rand())
    }
}

fn shelves(log: Arc<dyn EventLog>) -> Repository<Shelf> {
    Repository::new(log, Arc::new(Random))
}

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

fn filled(with: &str) -> ShelfEvent {
    ShelfEvent::Filled { with: with.to_owned() }
}

async fn fill(shelves: &Repository<Shelf>, with: &str, times: usize) -> Loaded<Shelf> {
    let fill = |_: &Shelf| Ok::<_, Infallible>(vec![filled(with); times]);
    shelves.change(&call(), "a", fill).await.unwrap()
}

async fn load(shelves: &Repository<Shelf>) -> Loaded<Shelf> {
    shelves.load(&call(), "a").await.unwrap()
}

pub async fn what_was_loaded_lately_is_read_on_and_never_behind(f: &Fixture) {
    let log = Counted::over(f.log.clone());
    let (here, elsewhere) = (shelves(log.clone()), shelves(f.log.clone()));
    here.create(&call(), "a", vec![filled("cup"); 50]).await.unwrap();
    assert_eq!(load(&here).await.version, 50);
    for round in 0..5 {
        assert_eq!(fill(&elsewhere, "plate", 2).await.version, 52 + 2 * round);
        log.read.store(0, Ordering::Relaxed);
        assert_eq!(load(&here).await, load(&elsewhere).await);
        assert_eq!(log.read.swap(0, Ordering::Relaxed), 3, "what is new, and the last before");
        assert_eq!(load(&here).await, load(&elsewhere).await);
        assert_eq!(log.read.load(Ordering::Relaxed), 1);
    }
    // A stale state only makes who has it decide again.
    let mut stale = load(&here).await;
    let current = fill(&elsewhere, "bowl", 1).await;
    drop(here.stage(&mut stale, vec![filled("lid")]).unwrap());
    assert_eq!(load(&here).await, current, "what was only staged did not happen");
    assert_eq!(fill(&here, "lid", 1).await.state.things.len(), 62);
    assert!(here.find(&call(), "b").await.unwrap().is_none());
}

pub async fn what_is_personal_is_gone_with_its_key(f: &Fixture) {
    let vault = Arc::new(Mirror::default());
    let log = Arc::new(SealedLog::new(f.log.clone(), vault.clone()));
    let shelves = shelves(log);
    let named = ShelfEvent::Named { owner: "ann".to_owned(), name: "Ann".to_owned() };
    shelves.create(&call(), "a", vec![filled("cup"), named]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(load(&shelves).await.state.name, "Ann");
    }
    vault.erase("ann").await.unwrap();
    assert_eq!(load(&shelves).await.state.name, "");
}

pub async fn snapshots_of_what_is_large_are_rare(f: &Fixture) {
    let log = Counted::over(f.log.clone());
    let shelves = shelves(log.clone());
    shelves.create(&call(), "a", vec![filled("the first thing")]).await.unwrap();
    let mut kept = vec![];
    for _ in 0..40 {
        let all = fill(&shelves, "a long name of a thing", 50).await;
        assert_eq!(all.state.things.len(), usize::try_from(all.version).unwrap());
        load(&shelves).await;
        kept.push(log.kept.swap(0, Ordering::Relaxed));
    }
    let count = |some: &[usize]| some.iter().sum::<usize>();
    assert_eq!(count(&kept[..4]), 4, "with every fifty events at first");
    let later = count(&kept[20..]);
    assert!((2..=5).contains(&later), "{later}, not 10, of a thousand more events");
    // Whoever begins with the snapshot comes to the same.
    log.read.store(0, Ordering::Relaxed);
    let anew = self::shelves(log.clone());
    assert_eq!(load(&anew).await, load(&shelves).await);
    assert!(log.read.load(Ordering::Relaxed) < 700, "not all 2001 events were read");
}

#[cfg(feature = "testing-only")]
pub async fn nothing_outlives_a_log_that_is_emptied(f: &Fixture) {
    let shelves = shelves(f.log.clone());
    shelves.create(&call(), "a", vec![filled("cup"), filled("plate")]).await.unwrap();
    assert_eq!(load(&shelves).await.version, 2);
    match &f.backend {
        Backend::Memory(log) => log.reset(),
        Backend::Sqlite { log, .. } => log.reset().await.unwrap(),
        Backend::Postgres { log, .. } => log.reset().await.unwrap(),
    }
    assert!(shelves.find(&call(), "a").await.unwrap().is_none());
    shelves.create(&call(), "a", vec![filled("bowl"); 2]).await.unwrap();
    for _ in 0..2 {
        let loaded = load(&shelves).await;
        assert_eq!((loaded.version, loaded.state.things), (2, vec!["bowl".to_owned(); 2]));
    }
}
