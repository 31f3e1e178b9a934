//! Queues of work in a table: each message is delivered at least once, in order, or set aside.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration as Span,
};

use adapted::Moved;
use application::{
    App, Call, Caller, Result,
    audits::AuditMessage,
    ports::{
        Append, Audited, DueWork, Fate, Recorded, Taken, WorkMessage, WorkQueue, WorkQueues as _,
    },
    reaction::{Reaction, Start},
    work::alone,
};
use domain::kernel::Timestamp;
use store::work::{Outbox, TableQueues};

use crate::{
    kettles::{append, bought},
    stubs::app,
    support::{BOTH, Site},
};

pub mod adapted {
    use application::ports::Clock;
    use time::Duration;

    use super::{Mutex, Timestamp};

    /// A clock that stands until it is moved.
    pub struct Moved(Mutex<Timestamp>);

    impl Moved {
        pub fn new() -> Self {
            Self(Mutex::new(Timestamp::parse("2026-01-02T03:04:05Z").unwrap()))
        }
        pub fn by(&self, seconds: i64) {
            let mut now = self.0.lock().unwrap();
            *now = now.plus(Duration::seconds(seconds));
        }
    }

    impl Clock for Moved {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }
}

pub const AUDITS: WorkQueue = WorkQueue::Audits;

pub struct Queues {
    pub site: Site,
    pub clock: Arc<Moved>,
    pub table: TableQueues,
}

impl Queues {
    pub async fn on(on: crate::support::On) -> Self {
        let site = Site::new(on).await;
        let clock = Arc::new(Moved::new());
        let table = TableQueues::new(site.log_db.clone(), clock.clone());
        Self { site, clock, table }
    }

    pub async fn enqueue(&self, queue: WorkQueue, numbers: &[u32]) {
        let message = |number: &u32| {
            let id = format!("{}_{number:032x}", queue.name());
            WorkMessage { id, queue, body: format!(r#"{{"n":{number}}}"#), subject: None }
        };
        let work = numbers.iter().map(message).collect();
        self.site.append(Append { work, ..Append::default() }).await;
    }

    async fn take(&self) -> Option<Taken> {
        self.table.take(AUDITS, 1).await.unwrap().pop()
    }

    pub async fn waiting(&self) -> (u64, u64) {
        let all = self.table.standings().await.unwrap();
        assert_eq!(all.len(), WorkQueue::ALL.len());
        let audits = all.iter().find(|one| one.queue == AUDITS).unwrap();
        (audits.waiting, audits.poison)
    }
}

fn numbers(taken: &[Option<Taken>]) -> Vec<Option<&str>> {
    taken.iter().map(|one| one.as_ref().map(|one| one.message.body.as_str())).collect()
}

#[tokio::test]
async fn messages_come_in_order_and_to_one_taker_at_a_time() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        assert_eq!(queues.take().await, None);
        queues.enqueue(AUDITS, &[3, 1]).await;
        queues.enqueue(WorkQueue::Emails, &[9]).await;
        queues.enqueue(AUDITS, &[2]).await;
        let taken = [queues.take().await, queues.take().await, queues.take().await];
        let expected = [Some(r#"{"n":3}"#), Some(r#"{"n":1}"#), Some(r#"{"n":2}"#)];
        assert_eq!(numbers(&taken), expected, "{on:?}");
        assert_eq!(queues.take().await, None, "all are being handled");
        for one in taken.iter().flatten() {
            assert_eq!(one.tries, 1);
            queues.table.handled(std::slice::from_ref(one)).await.unwrap();
        }
        queues.clock.by(3600);
        assert_eq!(queues.take().await, None);
        assert_eq!(queues.waiting().await, (0, 0));
        assert!(!queues.table.take(WorkQueue::Emails, 1).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn fresh_messages_come_together_and_those_that_were_tried_alone() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        queues.enqueue(AUDITS, &[1, 2, 3, 4, 5]).await;
        let take = async |most| queues.table.take(AUDITS, most).await.unwrap();
        let bodies = |taken: &[Taken]| -> Vec<String> {
            taken.iter().map(|one| one.message.body.clone()).collect()
        };
        let first = take(3).await;
        assert_eq!(bodies(&first), [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#], "{on:?}");
        queues.table.failed(&first[1], "no").await.unwrap();
        queues.table.handled(&[first[0].clone(), first[2].clone()]).await.unwrap();
        queues.clock.by(1);
        assert_eq!(bodies(&take(3).await), [r#"{"n":2}"#], "{on:?}: it may end its taker again");
        assert_eq!(bodies(&take(3).await), [r#"{"n":4}"#, r#"{"n":5}"#], "{on:?}");
        assert_eq!(queues.waiting().await, (3, 0));
        // Those that were taken together may end their taker, too: each comes alone then.
        queues.clock.by(30);
        for body in [r#"{"n":2}"#, r#"{"n":4}"#, r#"{"n":5}"#] {
            assert_eq!(bodies(&take(3).await), [body], "{on:?}");
        }
    }
}

#[tokio::test]
async fn what_nobody_finished_comes_again_after_a_while() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        queues.enqueue(AUDITS, &[1]).await;
        let first = queues.take().await.unwrap();
        queues.clock.by(29);
        assert_eq!(queues.take().await, None);
        queues.clock.by(1);
        let second = queues.take().await.unwrap();
        assert_eq!((second.tries, &second.message), (2, &first.message));
        // What the first taker says now is about a try that nobody waits for.
        queues.table.failed(&first, "late").await.unwrap();
        queues.table.postponed(&first).await.unwrap();
        assert_eq!(queues.take().await, None, "{on:?}: the second is still at it");
        queues.table.handled(std::slice::from_ref(&first)).await.unwrap();
        assert_eq!(queues.waiting().await, (0, 0), "but if it was handled, it was");
        queues.table.failed(&second, "late").await.unwrap();
        assert_eq!(queues.waiting().await, (0, 0));
    }
}

#[tokio::test]
async fn what_fails_pauses_longer_and_longer_and_is_set_aside() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        queues.enqueue(AUDITS, &[1, 2]).await;
        for (tries, pause) in [(1, 1), (2, 4), (3, 16), (4, 64)] {
            let taken = queues.take().await.unwrap();
            assert_eq!((taken.tries, taken.message.body.as_str()), (tries, r#"{"n":1}"#));
            assert_eq!(queues.table.failed(&taken, "no\0pe").await.unwrap(), Fate::Again);
            if tries == 1 {
                let next = queues.take().await.unwrap();
                assert_eq!(next.message.body, r#"{"n":2}"#, "it keeps nobody waiting");
                queues.table.handled(std::slice::from_ref(&next)).await.unwrap();
            }
            assert_eq!(queues.take().await, None, "{on:?}: not at once");
            queues.clock.by(pause);
        }
        let last = queues.take().await.unwrap();
        assert_eq!(queues.table.failed(&last, "never\0more").await.unwrap(), Fate::Poison);
        queues.clock.by(3600);
        assert_eq!(queues.take().await, None);
        assert_eq!(queues.waiting().await, (0, 1));
        let poisoned = queues.table.poisoned(AUDITS).await.unwrap();
        assert_eq!(poisoned, [(last.message.clone(), "nevermore".to_owned())]);
        let id = last.message.id.as_str();
        assert!(!queues.table.revive(WorkQueue::Emails, id).await.unwrap());
        assert!(queues.table.revive(AUDITS, id).await.unwrap());
        assert!(!queues.table.revive(AUDITS, id).await.unwrap(), "it is not set aside any more");
        assert!(!queues.table.discard(AUDITS, id).await.unwrap(), "nor to be discarded");
        assert_eq!(queues.take().await.unwrap().tries, 1, "it begins again");
    }
}

/// Their provider may be away for an hour.
#[tokio::test]
async fn emails_are_tried_for_longer() {
    let emails = WorkQueue::Emails;
    for on in BOTH {
        let queues = Queues::on(on).await;
        queues.enqueue(emails, &[1]).await;
        let mut seconds = 0;
        let mut taken = queues.table.take(emails, 1).await.unwrap().remove(0);
        for tries in 1..10 {
            assert_eq!(taken.tries, tries);
            assert_eq!(queues.table.failed(&taken, "away").await.unwrap(), Fate::Again);
            taken = loop {
                if let Some(taken) = queues.table.take(emails, 1).await.unwrap().pop() {
                    break taken;
                }
                queues.clock.by(60);
                seconds += 60;
            };
        }
        assert!(seconds > 3000, "{seconds}");
        assert_eq!(queues.table.failed(&taken, "away").await.unwrap(), Fate::Poison);
    }
}

#[tokio::test]
async fn what_ends_its_takers_is_set_aside_too() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        queues.enqueue(AUDITS, &[1]).await;
        for _ in 0..5 {
            assert!(queues.take().await.is_some());
            queues.clock.by(30);
        }
        assert_eq!(queues.take().await, None, "{on:?}");
        let poisoned = queues.table.poisoned(AUDITS).await.unwrap();
        assert!(poisoned[0].1.contains("5 times"), "{poisoned:?}");
        assert!(queues.table.discard(AUDITS, &poisoned[0].0.id).await.unwrap());
        assert_eq!(queues.waiting().await, (0, 0));
    }
}

#[tokio::test]
async fn an_outage_costs_no_try() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        queues.enqueue(AUDITS, &[1]).await;
        for _ in 0..20 {
            let taken = queues.take().await.unwrap();
            assert_eq!(taken.tries, 1, "{on:?}");
            queues.table.postponed(&taken).await.unwrap();
            queues.clock.by(1);
        }
        let patient = queues.table.clone().without_pauses();
        for _ in 0..2 {
            let taken = patient.take(AUDITS, 1).await.unwrap().remove(0);
            patient.failed(&taken, "no").await.unwrap();
        }
        assert!(
            !patient.take(AUDITS, 1).await.unwrap().is_empty(),
            "without a pause it is there again"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn takers_of_many_processes_share_the_messages() {
    for on in BOTH {
        let queues = Queues::on(on).await;
        let all: Vec<u32> = (0..200).collect();
        queues.enqueue(AUDITS, &all).await;
        let taker = || async {
            let mut taken = vec![];
            // Who passes over what others are taking may see nothing for a moment.
            while queues.waiting().await.0 > 0 {
                if let Some(one) = queues.take().await {
                    queues.table.handled(std::slice::from_ref(&one)).await.unwrap();
                    taken.push(one.message.id);
                }
            }
            taken
        };
        let (mut a, b, c) = tokio::join!(taker(), taker(), taker());
        a.extend(b);
        a.extend(c);
        a.sort();
        a.dedup();
        assert_eq!(a.len(), 200, "{on:?}: none is lost");
    }
}

#[tokio::test]
async fn every_statement_is_one_that_its_engine_takes() {
    for on in BOTH {
        let site = Site::new(on).await;
        let (postgres, sqlite) = store::work::statements_of_one();
        let own = if on == crate::support::On::Postgres { postgres } else { sqlite };
        for statement in store::work::statements().into_iter().chain(own) {
            let taken = site.log_db.prepare(statement).await;
            assert!(taken.is_ok(), "{on:?} refuses {statement}: {taken:?}");
        }
    }
}

fn outbox(site: &Site) -> Outbox {
    Outbox::new(site.log_db.clone(), site.clock.clone())
}

async fn lot(outbox: &Outbox) -> usize {
    outbox.lot(9).await.unwrap().work.len()
}

/// Audits every kettle that was bought, and does nothing else.
const NOTING: Reaction = Reaction {
    area: "EndUsers",
    name: "noting",
    handles: &[("kettle", "bought")],
    start: Start::Origin,
    react: note,
};

fn note<'a>(
    app: &'a App,
    call: &'a Call,
    event: &'a Recorded,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let arguments = [event.stream.id.as_str()];
        let template = "{0} was bought";
        let audit = Audited { code: "a.code", against: None, template, arguments: &arguments };
        app.audit(call, &audit)
    })
}

#[tokio::test]
async fn a_reaction_enqueues_once_however_often_it_is_killed() {
    for on in BOTH {
        let site = Site::new(on).await;
        for round in 0..10_u32 {
            let running = site.start_with(&[], site.feeds(), Some((app(&site), vec![NOTING])));
            for number in 0..5 {
                let id = format!("k{round}-{number}");
                site.append(append(&id, 0, &[bought("ann")])).await;
            }
            tokio::time::sleep(Span::from_micros(700 * u64::from(round))).await;
            running.kill().await;
        }
        let running = site.start_with(&[], site.feeds(), Some((app(&site), vec![NOTING])));
        running.settled().await;
        let pending = outbox(&site).lot(1000).await.unwrap().work;
        let mut subjects: Vec<String> = pending
            .iter()
            .map(|DueWork { message, .. }| {
                let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
                assert_eq!(body["MessageId"], message.id);
                body["Arguments"][0].as_str().unwrap().to_owned()
            })
            .collect();
        subjects.dedup();
        assert_eq!(subjects.len(), 50, "{on:?}: each once and in order");
        assert_eq!(pending.len(), 50);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_call_enqueues_with_its_append_or_when_it_succeeds() {
    for on in BOTH {
        let site = Site::new(on).await;
        let app = app(&site);
        let call = Call::new(Caller::anonymous(), "acall".into());
        let audit = Audited { code: "a.code", against: None, template: "", arguments: &[] };
        app.flush(&call).await.unwrap();
        app.audit(&call, &audit).unwrap();
        let outbox = outbox(&site);
        assert_eq!(lot(&outbox).await, 0, "a call that fails leaves nothing");
        app.flush(&call).await.unwrap();
        app.flush(&call).await.unwrap();
        assert_eq!(lot(&outbox).await, 1, "{on:?}");
        let message = AuditMessage::of(&call, &audit);
        let alone = alone(&call, &message, "aregion", app.ids.as_ref()).unwrap();
        site.append(Append { work: vec![alone], ..Append::default() }).await;
        assert_eq!(lot(&outbox).await, 1, "one more");
        assert_eq!(site.log.head().await, Ok(0));
    }
}
