//! cqrs-es on our log, and its stock repositories on our table.

use std::{collections::HashMap, sync::Arc};

use application::ports::Ids;
use cqrs_es::{
    AggregateError, CqrsFramework, EventStore,
    persist::{PersistedEventRepository, PersistedEventStore},
    test::TestFramework,
};
use domain::kernel::{DomainError, ErrorKind, Evolve, IdToken};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use store::cqrs::{Decide, Fact, LogRepository, Root, upcasters};
use uuid::Uuid;

use crate::support::{Backend, Fixture};

domain::events! {
    /// What happens to a jar.
    pub enum JarEvent in "kitchen" for "jar" {
        /// Something was put in.
        public Filled = "filled" v 1 { by_grams: u32 },
        /// All of it was taken out.
        public Emptied = "emptied" v 2 { },
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Jar {
    grams: u32,
    fillings: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("the jar holds a kilogram at most")]
struct Full;

impl DomainError for Full {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Rule
    }
    fn code(&self) -> &'static str {
        "jar_full"
    }
}

impl Evolve for Jar {
    const TYPE: &'static str = "jar";
    type Event = JarEvent;
    fn evolve(&mut self, event: &JarEvent) {
        match event {
            JarEvent::Filled { by_grams } => {
                self.grams += by_grams;
                self.fillings += 1;
            }
            JarEvent::Emptied {} => self.grams = 0,
        }
    }
}

impl Jar {
    fn fill(&self, by_grams: u32) -> Result<Vec<JarEvent>, Full> {
        if self.grams + by_grams > 1000 {
            return Err(Full);
        }
        Ok(vec![JarEvent::Filled { by_grams }])
    }
    /// Two events in one decision.
    fn replace(&self, by_grams: u32) -> Result<Vec<JarEvent>, Full> {
        let emptied = Self { grams: 0, ..self.clone() };
        Ok([vec![JarEvent::Emptied {}], emptied.fill(by_grams)?].concat())
    }
}

/// Counts.
struct Numbers(std::sync::atomic::AtomicU64);

impl Ids for Numbers {
    fn token(&self) -> IdToken {
        IdToken::new("0123456789".into()).unwrap()
    }
    fn event_id(&self) -> Uuid {
        Uuid::from_u64_pair(0, self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

fn repository(f: &Fixture) -> LogRepository {
    LogRepository::new(f.log.clone(), Arc::new(Numbers(0.into())))
}

fn store<R: PersistedEventRepository>(repository: R) -> PersistedEventStore<R, Root<Jar>> {
    PersistedEventStore::new_event_store(repository).with_upcasters(upcasters())
}

fn fill(by_grams: u32) -> Decide<Jar> {
    Decide::by(move |jar: &Jar| jar.fill(by_grams))
}

async fn reads<R: PersistedEventRepository>(repository: R, expected: &Jar) {
    let store = store(repository);
    assert_eq!(store.load_aggregate("a").await.unwrap().aggregate.0, *expected);
    let events = store.load_events("a").await.unwrap();
    let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4]);
    assert_eq!(events[2].payload, Fact(JarEvent::Emptied {}));
    assert_eq!(events[0].metadata, HashMap::from([("actor".into(), "user_a".into())]));
}

pub async fn the_framework_and_the_stock_repositories_agree(f: &Fixture) {
    let cqrs = CqrsFramework::new(store(repository(f)), vec![], ());
    let by = HashMap::from([("actor".to_owned(), "user_a".to_owned())]);
    cqrs.execute_with_metadata("a", fill(600), by.clone()).await.unwrap();
    cqrs.execute_with_metadata("a", fill(300), by.clone()).await.unwrap();
    let full = cqrs.execute("a", fill(200)).await;
    let Err(AggregateError::UserError(refused)) = full else { panic!("{full:?}") };
    assert_eq!(refused.0.code(), "jar_full");
    let replace = Decide::by(|jar: &Jar| jar.replace(50));
    cqrs.execute_with_metadata("a", replace, by).await.unwrap();
    cqrs.execute("b", fill(1)).await.unwrap();

    let jar = Jar { grams: 50, fillings: 3 };
    reads(repository(f), &jar).await;
    match &f.backend {
        Backend::Memory(_) => {}
        Backend::Sqlite { writer, .. } => {
            reads(SqliteEventRepository::new(writer.clone()), &jar).await;
        }
        Backend::Postgres { pool, .. } => {
            reads(PostgresEventRepository::new(pool.clone()), &jar).await;
        }
    }

    let repository = repository(f);
    let mut all = repository.stream_all_events::<Root<Jar>>().await.unwrap();
    let mut ids = vec![];
    while let Some(event) = all.next::<Root<Jar>>(&upcasters()).await {
        ids.push(event.unwrap().aggregate_id);
    }
    assert_eq!(ids, ["a", "a", "a", "a", "b"]);
    let mut one = repository.stream_events::<Root<Jar>>("b").await.unwrap();
    let event = one.next::<Root<Jar>>(&upcasters()).await.unwrap().unwrap();
    assert_eq!(event.payload, Fact(JarEvent::Filled { by_grams: 1 }));
    assert!(one.next::<Root<Jar>>(&upcasters()).await.is_none());
}

pub async fn the_slower_of_two_is_told(f: &Fixture) {
    let store = store(repository(f));
    let (one, two) =
        (store.load_aggregate("a").await.unwrap(), store.load_aggregate("a").await.unwrap());
    let filled = |by_grams| vec![Fact(JarEvent::Filled { by_grams })];
    store.commit(filled(1), one, HashMap::new()).await.unwrap();
    let late = store.commit(filled(2), two, HashMap::new()).await;
    assert!(matches!(late, Err(AggregateError::AggregateConflict)), "{late:?}");
    assert_eq!(store.load_aggregate("a").await.unwrap().aggregate.0.grams, 1);
}

pub async fn snapshots_are_refused(f: &Fixture) {
    let store = PersistedEventStore::<_, Root<Jar>>::new_snapshot_store(repository(f), 1)
        .with_upcasters(upcasters());
    let outcome = CqrsFramework::new(store, vec![], ()).execute("a", fill(1)).await;
    assert!(outcome.is_err());
    assert_eq!(f.log.head().await, Ok(0), "and nothing was written");
}

#[test]
fn given_when_then_of_cqrs_es_works() {
    let filled = |by_grams| Fact(JarEvent::Filled { by_grams });
    TestFramework::<Root<Jar>>::with(())
        .given(vec![filled(900)])
        .when(fill(100))
        .then_expect_events(vec![filled(100)]);
    TestFramework::<Root<Jar>>::with(())
        .given(vec![filled(901)])
        .when(fill(100))
        .then_expect_error_message("the jar holds a kilogram at most");
}
