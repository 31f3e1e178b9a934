use std::sync::Mutex as SyncMutex;

use application::ports::{NewEvent, StreamAppend};
use domain::kernel::Timestamp;
use uuid::Uuid;

use super::*;

struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        Timestamp::MIN
    }
}

/// What the engine does with its next transactions; `Work` when nothing is left.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Work,
    Fail,
    Hang,
}

#[derive(Default)]
struct Database {
    streams: Vec<StreamId>,
    plan: VecDeque<Next>,
    batches: Vec<usize>,
}

/// New streams only; refuses the stream "poison" as a database refuses a value.
struct Fake(Arc<SyncMutex<Database>>);

impl Fake {
    fn database(&self) -> std::sync::MutexGuard<'_, Database> {
        self.0.lock().unwrap()
    }
}

impl Engine for Fake {
    async fn begin(&mut self) -> Result<(), Fault> {
        let next = self.database().plan.pop_front().unwrap_or(Next::Work);
        match next {
            Next::Work => Ok(()),
            Next::Fail => Err(Fault::Unavailable("away".into())),
            Next::Hang => std::future::pending().await,
        }
    }
    async fn facts(&mut self, all: &Questions<'_>) -> Result<Facts, Fault> {
        let mut database = self.database();
        database.batches.push(all.streams.len());
        let versions = vec![0; all.streams.len()];
        Ok(Facts { head: database.streams.len() as u64, versions, ..Facts::default() })
    }
    async fn commit(&mut self, write: &Write<'_>) -> Result<(), Fault> {
        if write.events.iter().any(|row| row.stream.id == "poison") {
            return Err(Fault::Refused("poison".into()));
        }
        self.database().streams.extend(write.events.iter().map(|row| row.stream.clone()));
        Ok(())
    }
    async fn abandon(&mut self) {}
    async fn purge(&mut self, _: Timestamp, _: u32) -> Result<(), Fault> {
        Ok(())
    }
}

fn to(id: &str) -> Append {
    let event = NewEvent {
        id: Uuid::nil(),
        name: "happened".into(),
        version: 1,
        payload: "{}".into(),
        sealed: None,
    };
    let stream = StreamId::new("thing", id);
    let streams = vec![StreamAppend { stream, expected: 0, events: vec![event] }];
    Append { streams, ..Append::default() }
}

fn start(plan: &[Next], settings: &LogSettings) -> (Arc<Appender>, Arc<SyncMutex<Database>>) {
    let database = Database { plan: plan.iter().copied().collect(), ..Database::default() };
    let database = Arc::new(SyncMutex::new(database));
    let head = Arc::new(Head::new(0));
    let appender = Appender::start(Fake(database.clone()), Arc::new(Frozen), head, settings);
    (Arc::new(appender), database)
}

async fn all(appender: &Arc<Appender>, ids: &[&str]) -> Vec<Verdict> {
    let mut calls = JoinSet::new();
    for (n, id) in ids.iter().enumerate() {
        let (appender, append) = (appender.clone(), to(id));
        calls.spawn(async move { (n, appender.append(append).await) });
    }
    let mut answers = calls.join_all().await;
    answers.sort_by_key(|answer| answer.0);
    answers.into_iter().map(|answer| answer.1).collect()
}

fn is_unavailable(verdict: &Verdict) -> bool {
    matches!(verdict, Err(AppendError::Unavailable(_)))
}

#[tokio::test]
async fn a_value_that_the_database_refuses_fails_its_own_append_alone() {
    let (appender, database) = start(&[], &LogSettings::default());
    let verdicts = all(&appender, &["a", "b", "poison", "c"]).await;
    assert!(matches!(verdicts[2], Err(AppendError::Malformed(_))));
    let mut positions: Vec<_> =
        [0, 1, 3].iter().map(|n| verdicts[*n].clone().unwrap().position).collect();
    positions.sort_unstable();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(database.lock().unwrap().batches, [4, 1, 1, 1, 1], "together, then one by one");
}

#[tokio::test]
async fn what_waits_shares_a_batch_of_limited_size() {
    let settings = LogSettings { batch: 2, ..LogSettings::default() };
    let (appender, database) = start(&[], &settings);
    let verdicts = all(&appender, &["a", "b", "c", "d", "e"]).await;
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(database.lock().unwrap().batches, [2, 2, 1]);
}

#[tokio::test]
async fn the_appender_outlives_faults() {
    let (appender, _) = start(&[Next::Fail], &LogSettings::default());
    assert!(all(&appender, &["a", "b"]).await.iter().all(is_unavailable));
    assert!(all(&appender, &["a", "b"]).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn nothing_waits_without_end() {
    let short = Duration::from_millis(20);
    let settings = LogSettings {
        queue: 3,
        append_wait: short,
        lock_wait: short * 10,
        statement: short,
        ..LogSettings::default()
    };
    let (appender, _) = start(&[Next::Hang], &settings);
    let verdicts = all(&appender, &["a"]).await;
    assert!(is_unavailable(&verdicts[0]), "the caller's own limit: {verdicts:?}");
    let verdicts = all(&appender, &["b", "c", "d", "e", "f"]).await;
    let full = |verdict: &&Verdict| verdict.as_ref().is_err_and(|e| e.to_string().contains("many"));
    assert_eq!(verdicts.iter().filter(full).count(), 2, "{verdicts:?}");
    let mut verdict = all(&appender, &["g"]).await.remove(0);
    while is_unavailable(&verdict) {
        verdict = all(&appender, &["g"]).await.remove(0);
    }
    assert!(verdict.is_ok(), "the hanging batch was given up: {verdict:?}");
}

#[tokio::test]
async fn closing_answers_what_waits_and_refuses_the_rest() {
    let (appender, _) = start(&[], &LogSettings::default());
    let calls = all(&appender, &["a", "b", "c"]);
    let close = async {
        tokio::task::yield_now().await;
        appender.close().await;
    };
    let (verdicts, ()) = tokio::join!(calls, close);
    assert!(verdicts.iter().all(|verdict| verdict.is_ok() || is_unavailable(verdict)));
    assert!(is_unavailable(&all(&appender, &["d"]).await[0]));
}
