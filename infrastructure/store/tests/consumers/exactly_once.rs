//! Every event has its effect once, whatever happens to the engine or its feed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use application::ports::{EventLog, Feed, Feeds, LogError, Page, Partition, ReadModels, Wanted};
use async_trait::async_trait;
use store::consumers::{Progress, check};

use crate::{
    kettles::{KettleEvent, V1, append, bought, filled},
    support::{BOTH, LIMIT, On, Site},
};

#[tokio::test]
async fn rows_follow_events() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        site.append(append("a", 0, &[bought("ann"), filled(1), filled(2)])).await;
        site.append(append("b", 0, &[bought("bob"), filled(3)])).await;
        site.append(append("c", 0, &[bought("bob")])).await;
        let position = site.append(append("a", 3, &[filled(9)])).await;
        running.reached(position).await;
        let row = |id: &str, litres, fills| (id.to_owned(), litres, fills);
        assert_eq!(site.shown().await, [row("a", 9, 4), row("b", 3, 2), row("c", 0, 1)]);
        let left = KettleEvent::OwnerLeft { owner: "bob".into() };
        site.append(append("b", 2, &[left])).await;
        let position = site.append(append("a", 4, &[KettleEvent::Dropped {}])).await;
        running.reached(position).await;
        assert_eq!(site.shown().await, [], "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn killed_anywhere_it_repeats_nothing_and_loses_nothing() {
    for on in BOTH {
        let site = Site::new(on).await;
        let mut events = 0;
        for round in 0..20_u32 {
            let running = site.start(&[V1]);
            let appends = async {
                site.kettles(round * 10, 10, 3).await;
            };
            // Longer each round, so that it dies at another place each time.
            let death = tokio::time::sleep(Duration::from_micros(500 * u64::from(round)));
            tokio::join!(appends, async {
                death.await;
                running.kill().await;
            });
            events += 40;
        }
        let running = site.start(&[V1]);
        running.settled().await;
        assert_eq!(site.shown().await.len(), 200);
        assert!(site.shown().await.iter().all(|(_, litres, fills)| (*litres, *fills) == (3, 4)));
        assert_eq!(site.applied().await, events, "{on:?}");
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new());
        running.stop().await;
    }
}

/// Repeats what was handled, leaves out pages, and sends later ones first.
struct Unruly {
    log: Arc<dyn EventLog>,
    calls: AtomicU64,
}

/// The same feed for everybody.
struct Same(Arc<dyn Feed>);

impl Feeds for Same {
    fn feed(&self, _consumer: &str) -> Arc<dyn Feed> {
        self.0.clone()
    }
}

#[async_trait]
impl Feed for Unruly {
    async fn next(&self, _: Wanted, after: u64, max: usize) -> Result<Page, LogError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let mut head = self.log.watch();
        let known = *head.wait_for(|head| *head > after).await.expect("open");
        let from = match call % 4 {
            // The next ones, but begun too early.
            0 => after.saturating_sub(3),
            // Only what was handled before.
            1 => {
                let events = self.log.read(0, usize::try_from(after).unwrap_or(0)).await?;
                return Ok(Page { after: 0, through: after, events, at: None });
            }
            // Far ahead.
            2 => (after + 5).min(known - 1),
            _ => after,
        };
        let events = self.log.read(from, max.min(4)).await?;
        let through = events.last().map_or(from, |event| event.position);
        Ok(Page { after: from, through, events, at: None })
    }

    async fn handled(&self, _part: u16, _through: u64) -> Result<(), LogError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_feed_may_repeat_reorder_and_leave_gaps() {
    for on in BOTH {
        let site = Site::new(on).await;
        let feed = Arc::new(Unruly { log: site.log.clone(), calls: AtomicU64::new(0) });
        let running = site.start_with(&[V1], Arc::new(Same(feed)), None);
        running.reached(0).await;
        let position = site.kettles(0, 50, 3).await;
        running.reached(position).await;
        assert_eq!(site.applied().await, 200);
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new(), "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn two_engines_on_one_database_apply_each_event_once() {
    let site = Site::new(On::Postgres).await;
    let (first, second) = (site.start(&[V1]), site.start(&[V1]));
    let position = site.kettles(0, 20, 3).await;
    // The one that stands by sees what the other does.
    first.reached(position).await;
    second.reached(position).await;
    assert_ne!(first.progress.parts_here(), second.progress.parts_here());
    let (leads, stands_by) =
        if first.progress.parts_here() == 1 { (first, second) } else { (second, first) };
    leads.kill().await;
    let position = site.kettles(100, 20, 3).await;
    stands_by.reached(position).await;
    assert_eq!(stands_by.progress.parts_here(), 1);
    assert_eq!(site.applied().await, 160);
    stands_by.stop().await;
}

/// A log that grows is always ahead of what another process sees of it.
#[tokio::test]
async fn a_process_is_ready_once_it_has_what_was_there_when_it_was_asked_first() {
    for on in BOTH {
        let site = Site::new(on).await;
        let catch_up = async || {
            let running = site.start(&[V1]);
            running.settled().await;
            running.stop().await;
        };
        catch_up().await;
        let (db, log_db, log) = (site.db.clone(), site.log_db.clone(), site.log.clone());
        let elsewhere = Progress::new(db, log_db, log, Partition::ONE, &[V1], &[]);
        site.kettles(0, 10, 1).await;
        assert!(!elsewhere.is_ready().await, "{on:?}");
        catch_up().await;
        site.kettles(10, 10, 1).await;
        assert!(elsewhere.is_ready().await, "{on:?}");
    }
}

#[tokio::test]
async fn who_waits_for_a_position_is_woken_and_nobody_waits_for_ever() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let head = site.kettles(0, 1, 1).await;
        running.reached(head).await;
        assert_eq!(running.progress.handling(&[("kettle", "filled")]), ["kettles"]);
        assert!(running.progress.handling(&[("kettle", "painted")]).is_empty());
        assert!(running.progress.is_ready().await);
        let brief = Duration::from_millis(10);
        assert!(!running.progress.reached(&["kettles"], head + 1, brief).await, "{on:?}");
        let waits = running.progress.reached(&["kettles"], head + 2, LIMIT);
        let (reached, _) = tokio::join!(waits, site.kettles(1, 1, 1));
        assert!(reached);
        running.stop().await;
    }
}

#[tokio::test]
async fn every_statement_is_one_that_the_engines_take() {
    for on in BOTH {
        let site = Site::new(on).await;
        let uses = store::api_key_uses::statements().into_iter();
        let uses = uses.chain(store::used_tokens::statements());
        let uses = uses.chain(store::strangers::statements());
        for statement in store::consumers::statements().into_iter().chain(uses) {
            let taken = site.db.prepare(statement).await;
            assert!(taken.is_ok(), "{on:?} refuses {statement}: {taken:?}");
        }
        for statement in
            store::consumers::log_statements().into_iter().chain(store::webhooks::statements())
        {
            let taken = site.log_db.prepare(statement).await;
            assert!(taken.is_ok(), "{on:?} refuses {statement}: {taken:?}");
        }
        check(&site.db, &[V1]).await.unwrap();
    }
}
