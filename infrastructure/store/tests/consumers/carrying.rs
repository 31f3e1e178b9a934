//! A broker tells takers of work: it is told of everything that is due, and again of what it loses.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use application::{
    Error, Result,
    ports::{DueWork, Fate, Partition, WorkCalls, WorkMessage, WorkQueue, WorkQueues as _},
};
use async_trait::async_trait;
use store::{
    db::Db,
    work::{CarriedQueues, Outbox},
};

use crate::{
    relay::{Recording, Relays},
    support::{BOTH, On, until},
    work::{AUDITS, Queues},
};

/// A broker that tells what a test has it tell, unless it is away.
#[derive(Default)]
struct Told(Mutex<Vec<DueWork>>, AtomicBool);

#[async_trait]
impl WorkCalls for Told {
    async fn next(&self, queue: WorkQueue, most: usize) -> Result<Vec<DueWork>> {
        assert_eq!(queue, AUDITS);
        if self.1.load(Ordering::SeqCst) {
            return Err(Error::unavailable("it is away"));
        }
        let mut told = self.0.lock().unwrap();
        let most = most.min(told.len());
        Ok(told.drain(..most).collect())
    }
}

impl Queues {
    fn outbox(&self) -> Outbox {
        Outbox::new(self.site.log_db.clone(), self.clock.clone())
    }

    fn told(&self) -> (Arc<Told>, CarriedQueues) {
        let told = Arc::new(Told::default());
        (told.clone(), CarriedQueues::new(self.table.clone(), told))
    }

    async fn lot(&self) -> Vec<(String, u32)> {
        let lot = self.outbox().lot(10).await.unwrap();
        lot.work.into_iter().map(|due| (due.message.body, due.tries)).collect()
    }
}

fn fresh(number: u32) -> (String, u32) {
    (format!(r#"{{"n":{number}}}"#), 0)
}

fn called(number: u32) -> DueWork {
    let id = format!("audits_{number:032x}");
    DueWork {
        message: WorkMessage { id, queue: AUDITS, body: String::new(), subject: None },
        tries: 0,
    }
}

fn numbers(taken: &[application::ports::Taken]) -> Vec<(&str, u32)> {
    taken.iter().map(|one| (one.message.body.as_str(), one.tries)).collect()
}

#[tokio::test]
async fn each_message_is_carried_once_in_order_and_again_if_that_failed() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let outbox = queues.outbox();
        assert_eq!(queues.lot().await, []);
        queues.enqueue(AUDITS, &[2, 1]).await;
        queues.enqueue(WorkQueue::Emails, &[3]).await;
        let first = outbox.lot(2).await.unwrap();
        let bodies: Vec<&str> = first.work.iter().map(|due| due.message.body.as_str()).collect();
        assert_eq!(bodies, [r#"{"n":2}"#, r#"{"n":1}"#], "{on:?}");
        assert_eq!(queues.lot().await, [fresh(3)]);
        assert_eq!(queues.lot().await, []);
        outbox.back(&first).await.unwrap();
        assert_eq!(queues.lot().await, [fresh(2), fresh(1)], "{on:?}");
        assert_eq!(queues.waiting().await, (2, 0), "it waits until it is done, wherever it is");
    }
}

#[tokio::test]
async fn what_nobody_here_knows_how_to_do_keeps_nothing_back() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        for number in 0..20 {
            let statement = "INSERT INTO work_messages (id, queue, body, enqueued_at) \
                 VALUES ($1, 'of-a-later-version', '{}', $2)";
            let now = application::ports::Clock::now(queues.clock.as_ref());
            let values = [format!("later_{number}").as_str().into(), now.into()];
            queues.site.log_db.execute(statement, &values).await.unwrap();
        }
        queues.enqueue(AUDITS, &[1]).await;
        assert_eq!(queues.lot().await, [fresh(1)], "{on:?}");
    }
}

#[tokio::test]
async fn what_is_told_twice_or_falsely_is_taken_once() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let (told, carried) = queues.told();
        assert_eq!(carried.take(AUDITS, 9).await.unwrap(), []);
        queues.enqueue(AUDITS, &[1, 2]).await;
        queues.enqueue(WorkQueue::Emails, &[7]).await;
        let email = DueWork {
            message: WorkMessage { id: format!("emails_{:032x}", 7), ..called(7).message },
            tries: 0,
        };
        // What is told in vain hides nothing behind it.
        let tell = [called(3), email, called(2), called(1), called(1)];
        told.0.lock().unwrap().extend(tell);
        let mut taken = carried.take(AUDITS, 1).await.unwrap();
        assert_eq!(numbers(&taken), [(r#"{"n":2}"#, 1)], "{on:?}");
        taken.extend(carried.take(AUDITS, 9).await.unwrap());
        assert_eq!(numbers(&taken[1..]), [(r#"{"n":1}"#, 1)], "{on:?}");
        told.0.lock().unwrap().push(called(1));
        assert_eq!(carried.take(AUDITS, 9).await.unwrap(), [], "it is being handled");
        carried.handled(&taken).await.unwrap();
        told.0.lock().unwrap().push(called(1));
        queues.clock.by(3600);
        assert_eq!(carried.take(AUDITS, 9).await.unwrap(), [], "it is done");
        assert_eq!(queues.waiting().await, (0, 0));
    }
}

#[tokio::test]
async fn what_fails_is_carried_again_after_a_pause_until_it_is_set_aside() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let (told, carried) = queues.told();
        queues.enqueue(AUDITS, &[1]).await;
        for tries in 0..5 {
            let body = r#"{"n":1}"#;
            assert_eq!(queues.lot().await, [(body.to_owned(), tries)], "{on:?}");
            told.0.lock().unwrap().push(called(1));
            let taken = carried.take(AUDITS, 9).await.unwrap();
            assert_eq!(numbers(&taken), [(body, tries + 1)]);
            let fate = carried.failed(&taken[0], "nevermore").await.unwrap();
            assert_eq!(fate, if tries < 4 { Fate::Again } else { Fate::Poison });
            assert_eq!(queues.lot().await, [], "it pauses");
            queues.clock.by(120);
        }
        assert_eq!((queues.lot().await, queues.waiting().await), (vec![], (0, 1)), "{on:?}");
        let id = called(1).message.id;
        assert!(carried.revive(AUDITS, &id).await.unwrap());
        assert_eq!(queues.lot().await, [fresh(1)], "{on:?}");
    }
}

#[tokio::test]
async fn what_ends_its_takers_is_set_aside() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let (told, carried) = queues.told();
        queues.enqueue(AUDITS, &[1]).await;
        for _ in 0..5 {
            assert_eq!(queues.lot().await.len(), 1, "{on:?}");
            told.0.lock().unwrap().push(called(1));
            assert_eq!(carried.take(AUDITS, 9).await.unwrap().len(), 1);
            // Nothing is heard of it again.
            queues.clock.by(31);
        }
        told.0.lock().unwrap().push(called(1));
        assert_eq!(carried.take(AUDITS, 9).await.unwrap(), []);
        assert_eq!(queues.waiting().await, (0, 1), "{on:?}");
    }
}

#[tokio::test]
async fn without_the_broker_work_is_taken_from_the_table() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let (told, carried) = queues.told();
        queues.enqueue(AUDITS, &[1, 2, 3]).await;
        assert_eq!(queues.outbox().lot(2).await.unwrap().work.len(), 2, "the third is not carried");
        told.1.store(true, Ordering::SeqCst);
        let taken = carried.take(AUDITS, 9).await.unwrap();
        let bodies = [(r#"{"n":1}"#, 1), (r#"{"n":2}"#, 1), (r#"{"n":3}"#, 1)];
        assert_eq!(numbers(&taken), bodies, "{on:?}");
        // What it tells when it is back is done.
        told.1.store(false, Ordering::SeqCst);
        told.0.lock().unwrap().extend([called(1), called(2)]);
        assert_eq!(carried.take(AUDITS, 9).await.unwrap(), [], "{on:?}");
    }
}

#[tokio::test]
async fn nothing_is_told_in_vain_while_the_table_is_away() {
    let queues = Queues::on(On::Sqlite).await;
    let (told, carried) = queues.told();
    told.0.lock().unwrap().extend([called(1), called(2), called(3)]);
    let Db::Sqlite { reader, writer } = &queues.site.log_db else { panic!("it is SQLite") };
    tokio::join!(writer.close(), reader.close());
    for _ in 0..3 {
        carried.take(AUDITS, 1).await.unwrap_err();
    }
    assert_eq!(told.0.lock().unwrap().len(), 2, "one showed it");
}

#[tokio::test]
async fn of_what_the_broker_misses_the_oldest_are_carried_again() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let outbox = queues.outbox();
        for number in [3, 1, 2] {
            queues.enqueue(AUDITS, &[number]).await;
            assert_eq!(queues.lot().await, [fresh(number)]);
            queues.clock.by(1);
        }
        assert_eq!(outbox.carried().await.unwrap(), [], "it may be on its way");
        queues.clock.by(20);
        assert_eq!(outbox.carried().await.unwrap(), [(AUDITS, 3)], "{on:?}");
        outbox.missed(AUDITS, 2).await.unwrap();
        assert_eq!(queues.lot().await, [fresh(3), fresh(1)], "{on:?}");
        assert_eq!(outbox.carried().await.unwrap(), [(AUDITS, 1)]);
        let (told, carried) = queues.told();
        told.0.lock().unwrap().push(called(2));
        assert_eq!(carried.take(AUDITS, 9).await.unwrap().len(), 1);
        assert_eq!(outbox.carried().await.unwrap(), [], "who was told has it");
    }
}

#[tokio::test]
async fn the_relay_moves_work_once_and_again_when_the_broker_fails_or_forgets() {
    let mut queues = Queues::on(On::Postgres).await;
    queues.site.clock = queues.clock.clone();
    let bus = Arc::new(Recording::default());
    let one = || Relays::start(&queues.site, &bus, Partition::ONE);
    let relays = one();
    let message = |number| fresh(number).0;
    queues.enqueue(AUDITS, &[1]).await;
    until("it is moved", || async { bus.work() == [message(1)] }).await;
    bus.is_away.store(true, Ordering::SeqCst);
    queues.enqueue(WorkQueue::Emails, &[2]).await;
    until("it was tried twice", || async { bus.work().len() > 2 }).await;
    bus.is_away.store(false, Ordering::SeqCst);
    bus.wipe();
    until("it is moved", || async { bus.work() == [message(2)] }).await;
    relays.stop().await;

    // The next one looks at once, and the first message is gone.
    queues.clock.by(20);
    let relays = one();
    until("what was lost is back", || async { bus.work() == [message(2), message(1)] }).await;
    relays.stop().await;
}

#[tokio::test]
async fn events_do_not_wait_for_work_that_the_broker_refuses() {
    let queues = Queues::on(On::Sqlite).await;
    let bus = Arc::new(Recording::default());
    bus.refuses_work.store(true, Ordering::SeqCst);
    let relays = Relays::start(&queues.site, &bus, Partition::ONE);
    queues.enqueue(AUDITS, &[1]).await;
    until("it was tried", || async { !bus.work().is_empty() }).await;
    let head = queues.site.kettles(0, 3, 1).await;
    until("all is published", || async { bus.events(0).last() == Some(&head) }).await;
    until("it is tried again", || async { bus.work().len() > 1 }).await;
    bus.refuses_work.store(false, Ordering::SeqCst);
    bus.wipe();
    until("it is moved", || async { bus.work() == [fresh(1).0] }).await;
    assert_eq!(bus.events(0), (1..=head).collect::<Vec<_>>(), "each once");
    relays.stop().await;
}
