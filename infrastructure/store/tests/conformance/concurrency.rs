//! Many callers at once.

use std::{collections::HashMap, sync::Arc};

use application::ports::{Append, AppendError, EventLog};
use tokio::task::JoinSet;

use crate::support::{Fixture, claim, event, owned, stream, to};

/// Everything in the log, checked for the invariants: dense positions, dense sequences in order.
async fn everything(log: &Arc<dyn EventLog>) -> HashMap<String, Vec<u64>> {
    let mut positions: HashMap<String, Vec<u64>> = HashMap::new();
    let mut after = 0;
    loop {
        let page = log.read(after, 1000).await.unwrap();
        let Some(last) = page.last() else { return positions };
        for (event, expected) in page.iter().zip(after + 1..) {
            assert_eq!(event.position, expected);
            let stream = positions.entry(event.stream.id.clone()).or_default();
            stream.push(event.position);
            assert_eq!(event.sequence, stream.len() as u64);
        }
        after = last.position;
    }
}

pub async fn positions_are_dense_under_concurrency(f: &Fixture) {
    let processes = f.processes(3).await;
    let mut tasks = JoinSet::new();
    for caller in 0..24_usize {
        let log = processes[caller % processes.len()].clone();
        tasks.spawn(async move {
            for round in 0..20_u64 {
                let id = format!("{caller}-{}", round % 4);
                let appended = log.append(to(&id, round / 4, 1)).await.unwrap();
                // Whoever was answered can read it, and everything before it.
                let own = log.read(appended.position - 1, 1).await.unwrap();
                assert_eq!(own[0].stream.id, id);
                // A refused neighbour leaves no hole.
                assert!(log.append(to(&id, 99, 1)).await.is_err());
            }
        });
    }
    // A reader beside them never sees a hole, or something appear behind it.
    let reader = f.log.clone();
    tasks.spawn(async move {
        let mut after = 0;
        while after < 480 {
            let page = reader.read(after, 100).await.unwrap();
            after = page.last().map_or(after, |event| event.position);
        }
    });
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let all = everything(&f.log).await;
    assert_eq!(all.values().map(Vec::len).sum::<usize>(), 480);
    assert_eq!(f.violations().await, [""; 0]);
}

pub async fn callers_on_one_stream_lose_and_double_nothing(f: &Fixture) {
    let processes = f.processes(2).await;
    let mut tasks = JoinSet::new();
    for caller in 0..64_usize {
        let log = processes[caller % processes.len()].clone();
        tasks.spawn(async move {
            let mut mine = vec![];
            while mine.len() < 3 {
                let version = log.load(&stream("one"), 0).await.unwrap().len() as u64;
                match log.append(to("one", version, 1)).await {
                    Ok(appended) => mine.push(appended.position),
                    Err(AppendError::Conflict { expected, actual, .. }) => {
                        assert!(actual > expected);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            mine
        });
    }
    let mut acknowledged = vec![];
    while let Some(task) = tasks.join_next().await {
        acknowledged.extend(task.unwrap());
    }
    acknowledged.sort_unstable();
    assert_eq!(acknowledged, (1..=192).collect::<Vec<_>>());
    assert_eq!(everything(&f.log).await["one"], acknowledged);
}

pub async fn callers_for_one_claim_get_it_once(f: &Fixture) {
    let processes = f.processes(2).await;
    let mut tasks = JoinSet::new();
    for caller in 0..32_usize {
        let log = processes[caller % processes.len()].clone();
        tasks.spawn(async move {
            let id = format!("c{caller}");
            let append = Append { take: vec![owned("v", &id)], ..to(&id, 0, 1) };
            log.append(append).await.map(|_| id)
        });
    }
    let mut winners = vec![];
    while let Some(task) = tasks.join_next().await {
        match task.unwrap() {
            Ok(id) => winners.push(id),
            Err(error) => assert_eq!(error, AppendError::Taken(claim("v"))),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(f.log.owner(&claim("v")).await, Ok(Some(stream(&winners[0]))));
    assert_eq!(f.log.head().await, Ok(1));
}

pub async fn one_bad_append_never_fails_its_neighbours(f: &Fixture) {
    let mut tasks = JoinSet::new();
    for caller in 0..40_usize {
        let log = f.log.clone();
        tasks.spawn(async move {
            let mut append = to(&format!("c{caller}"), 0, 1);
            let bad = caller % 4;
            match bad {
                1 => append.streams[0].expected = 7,
                2 => append.streams[0].events = vec![event("{")],
                3 => append.take = vec![owned("v", "x"), owned("v", "y")],
                _ => {}
            }
            (bad, log.append(append).await)
        });
    }
    while let Some(task) = tasks.join_next().await {
        let (bad, outcome) = task.unwrap();
        match bad {
            0 => assert!(outcome.is_ok(), "{outcome:?}"),
            1 => assert!(matches!(outcome, Err(AppendError::Conflict { .. })), "{outcome:?}"),
            _ => assert!(matches!(outcome, Err(AppendError::Malformed(_))), "{outcome:?}"),
        }
    }
    everything(&f.log).await;
}

/// Appends may be written without a look at what they depend on; whoever expects what is not so is
/// told, and nobody else notices.
pub async fn what_is_not_as_expected_is_found_out(f: &Fixture) {
    let mut there = to("there", 0, 2);
    there.take = vec![owned("ours", "there")];
    f.log.append(there).await.unwrap();
    let conflict =
        |expected, actual| Err(AppendError::Conflict { stream: stream("there"), expected, actual });
    let mut claiming = to("claiming", 0, 1);
    claiming.take = vec![owned("ours", "claiming")];
    let taken = Err(AppendError::Taken(claiming.take[0].claim.clone()));
    let bad = [
        (to("there", 0, 1), conflict(0, 2)),
        (to("there", 1, 1), conflict(1, 2)),
        (to("there", 7, 1), conflict(7, 2)),
        (claiming, taken),
    ];
    for (round, (append, refusal)) in bad.into_iter().enumerate() {
        // Batches after a bad one are looked up for a while.
        for n in 0..20 {
            f.log.append(to(&format!("r{round}n{n}"), 0, 1)).await.unwrap();
        }
        let mut tasks = JoinSet::new();
        for caller in 0..20 {
            let (log, name) = (f.log.clone(), format!("r{round}c{caller}"));
            tasks.spawn(async move {
                log.append(to(&name, 0, 1)).await?;
                log.append(to(&name, 1, 2)).await
            });
        }
        assert_eq!(f.log.append(append).await, refusal);
        while let Some(task) = tasks.join_next().await {
            task.unwrap().unwrap();
        }
    }
    assert_eq!(everything(&f.log).await.len(), 1 + 4 * (20 + 20));
}
