//! Random appends: SQLite and PostgreSQL must answer exactly as memory does.

use application::ports::{Append, Consumed, DeadLetter, IdempotencyKey, StreamAppend};
use domain::kernel::Timestamp;
use proptest::{collection::vec, option, prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::support::{Fixture, claim, event, owned, stream};

const IDS: [&str; 3] = ["a", "b", "c"];

fn streams() -> impl Strategy<Value = Vec<StreamAppend>> {
    // Versions are guessed from a small range, so that many are right and many are wrong.
    let part = (0..IDS.len(), 0..4_u64, 0..3_usize).prop_map(|(id, expected, count)| {
        let events = (0..count).map(|n| event(&format!("{{\"n\":{n}}}"))).collect();
        StreamAppend { stream: stream(IDS[id]), expected, events }
    });
    vec(part, 0..3)
}

fn claims() -> impl Strategy<Value = Vec<application::ports::Claim>> {
    let one = (0..2_usize, 0..IDS.len());
    vec(one.prop_map(|(value, owner)| owned(["v", "w"][value], IDS[owner])), 0..2)
}

fn consumed() -> impl Strategy<Value = (Option<Consumed>, Vec<DeadLetter>)> {
    let one = (0..2_u16, 0..3_u64, 0..3_u64, option::of(0..3_u64), option::of(0..3_u64));
    option::of(one).prop_map(|one| {
        let Some((part, from, to, settles, parked)) = one else { return (None, vec![]) };
        let consumer = "mailer".to_owned();
        let letter = |position| DeadLetter {
            consumer: consumer.clone(),
            part,
            position,
            stream: stream("a"),
            event: "happened".into(),
            error: "no".into(),
            attempts: 1,
            parked_at: Timestamp::MIN,
        };
        let parked = parked.map(letter).into_iter().collect();
        (Some(Consumed { consumer, part, from, to, settles }), parked)
    })
}

fn appends() -> impl Strategy<Value = Vec<Append>> {
    let key = option::weighted(0.2, (0..2_usize, 0..2_usize)).prop_map(|key| {
        key.map(|(key, print)| IdempotencyKey {
            scope: "s".into(),
            key: ["k", "l"][key].into(),
            fingerprint: ["f", "g"][print].into(),
        })
    });
    let work = vec((0..20_u8).prop_map(crate::work::message), 0..3);
    let one = (streams(), claims(), claims(), key, consumed(), work);
    let one = one.prop_map(|(streams, take, release, idempotency, (consumed, parked), work)| {
        Append { streams, take, release, idempotency, consumed, parked, work, ..Append::default() }
    });
    vec(one, 1..60)
}

/// Versions that are nearly always wrong would test nothing but conflicts.
async fn plausible(f: &Fixture, append: &mut Append) {
    for part in &mut append.streams {
        let actual = f.log.load(&part.stream, 0).await.unwrap().len() as u64;
        part.expected = match part.expected {
            0 => actual.saturating_sub(1),
            _ => actual,
        };
    }
    if let Some(consumed) = &mut append.consumed {
        let actual = f.log.checkpoint(&consumed.consumer, consumed.part).await.unwrap();
        if consumed.from != 1 {
            let by = consumed.to;
            consumed.from = actual.unwrap_or(0);
            consumed.to = consumed.from + by;
        }
    }
}

async fn behaves_like_memory(f: &Fixture, rounds: usize) {
    let mut runner = TestRunner::deterministic();
    let model = Fixture::memory();
    let mut accepted = 0;
    for _ in 0..rounds {
        for mut append in appends().new_tree(&mut runner).unwrap().current() {
            plausible(&model, &mut append).await;
            let expected = model.log.append(append.clone()).await;
            accepted += u32::from(expected.is_ok());
            assert_eq!(f.log.append(append.clone()).await, expected, "{append:#?}");
        }
        assert_eq!(f.log.read(0, 10_000).await, model.log.read(0, 10_000).await);
        for id in IDS {
            let (ours, theirs) =
                (f.log.load(&stream(id), 2).await, model.log.load(&stream(id), 2).await);
            assert_eq!(ours, theirs);
        }
        for value in ["v", "w"] {
            assert_eq!(f.log.owner(&claim(value)).await, model.log.owner(&claim(value)).await);
        }
        for part in 0..2 {
            let ours = f.log.checkpoint("mailer", part).await;
            assert_eq!(ours, model.log.checkpoint("mailer", part).await);
        }
        for key in ["k", "l"] {
            assert_eq!(f.log.answered("s", key).await, model.log.answered("s", key).await);
        }
        assert_eq!(f.letters().await, model.letters().await);
        assert_eq!(f.work().await, model.work().await);
        // The keys expire on both.
        for clock in [&f.clock, &model.clock] {
            clock.advance(time::Duration::hours(13));
        }
    }
    assert!(accepted > 100, "only {accepted} were accepted: the test has become too strict");
    let violations = f.violations().await;
    let serious: Vec<_> = violations.iter().filter(|one| !one.contains("claim")).collect();
    assert!(
        serious.iter().all(|one| one.starts_with("checkpoint")),
        "checkpoints are random here, the rest is not: {serious:?}"
    );
}

#[tokio::test]
async fn sqlite_behaves_like_memory() {
    behaves_like_memory(&Fixture::sqlite().await, 20).await;
}

#[tokio::test]
async fn postgres_behaves_like_memory() {
    behaves_like_memory(&Fixture::postgres().await, 20).await;
}
