//! Reading, following, snapshots.

use std::time::Duration;

use application::ports::{Append, NewEvent, Snapshot};
use domain::kernel::Upcaster;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Fixture, stream, to};

pub async fn pages_follow_each_other(f: &Fixture) {
    for n in 0..25_u64 {
        f.log.append(to("a", n * 2, 2)).await.unwrap();
    }
    let mut after = 0;
    let mut seen = vec![];
    loop {
        let page = f.log.read(after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() == 7 || last.position == 50);
        after = last.position;
        seen.extend(page.iter().map(|event| event.position));
    }
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
    assert!(f.log.read(50, 7).await.unwrap().is_empty());
    assert!(f.log.read(u64::MAX, 7).await.unwrap().is_empty());
    assert!(f.log.read(0, 0).await.unwrap().is_empty());
}

pub async fn the_head_is_watched(f: &Fixture) {
    let processes = f.processes(2).await;
    let mut watches: Vec<_> = processes.iter().map(|log| log.watch()).collect();
    for position in 1..=20 {
        f.log.append(to("a", position - 1, 1)).await.unwrap();
        assert_eq!(*f.log.watch().borrow(), position, "one's own appends are known at once");
        for watch in &mut watches {
            let reached = watch.wait_for(|head| *head >= position);
            assert_eq!(
                *timeout(Duration::from_secs(10), reached).await.unwrap().unwrap(),
                position
            );
        }
    }
}

pub async fn snapshots_are_kept_by_version_and_never_go_back(f: &Fixture) {
    let snapshot = |sequence, state_version, state: &str| Snapshot {
        sequence,
        state_version,
        state: state.into(),
        subject: None,
    };
    let (a, b) = (stream("a"), stream("b"));
    for one in [snapshot(5, 1, "five"), snapshot(4, 1, "four"), snapshot(2, 2, "other shape")] {
        f.log.keep_snapshot(&a, one).await.unwrap();
    }
    assert_eq!(f.log.snapshot(&a, 1).await, Ok(Some(snapshot(5, 1, "five"))));
    assert_eq!(f.log.snapshot(&a, 2).await, Ok(Some(snapshot(2, 2, "other shape"))));
    assert_eq!(f.log.snapshot(&a, 3).await, Ok(None));
    assert_eq!(f.log.snapshot(&b, 1).await, Ok(None));
    f.log.keep_snapshot(&a, snapshot(6, 1, "six")).await.unwrap();
    assert_eq!(f.log.snapshot(&a, 1).await, Ok(Some(snapshot(6, 1, "six"))));
}

const RENAMED: &[Upcaster] = &[
    Upcaster { from: ("boiled", 1), to: ("boiled", 2), upcast: in_millilitres },
    Upcaster { from: ("boiled", 2), to: ("boiled", 3), upcast: with_degrees },
];

#[expect(clippy::needless_pass_by_value, reason = "the form of upcasters")]
fn in_millilitres(old: Value) -> Value {
    json!({ "millilitres": old["litres"].as_u64().unwrap() * 1000 })
}

fn with_degrees(mut old: Value) -> Value {
    old["degrees"] = json!(100);
    old
}

domain::events! {
    /// What happens to a kettle.
    pub enum KettleEvent in "kitchen" for "kettle" {
        /// It reached the boiling point.
        public Boiled = "boiled" v 3 { millilitres: u64, degrees: u32 },
    } upcasters RENAMED
}

pub async fn old_events_are_read_through_upcasters(f: &Fixture) {
    let boiled = |version, payload: &str| {
        let event = to("kettle", 0, 1).streams[0].events[0].clone();
        NewEvent { name: "boiled".into(), version, payload: payload.into(), ..event }
    };
    let mut append = to("kettle", 0, 0);
    append.streams[0].events = vec![
        boiled(1, r#"{"litres":2}"#),
        boiled(2, r#"{"millilitres":1500}"#),
        boiled(3, r#"{"millilitres":900,"degrees":95}"#),
        boiled(4, r"{}"),
    ];
    f.log.append(Append { ..append }).await.unwrap();
    let events = f.log.load(&stream("kettle"), 0).await.unwrap();
    let read = |n: usize| events[n].decode::<KettleEvent>();
    let expected = |millilitres, degrees| KettleEvent::Boiled { millilitres, degrees };
    assert_eq!(read(0).unwrap(), expected(2000, 100));
    assert_eq!(read(1).unwrap(), expected(1500, 100));
    assert_eq!(read(2).unwrap(), expected(900, 95));
    assert!(read(3).is_err(), "from the future");
}
