//! What the databases themselves enforce, and what opening and verifying notice.

use application::ports::{Append, LogError};
use sqlx::Executor;
use store::{
    db::Reader,
    log::{LogSettings, PgLog, SqliteLog},
};

use crate::support::{Backend, Fixture, owned, to};

async fn run(f: &Fixture, sql: &str) -> Result<(), sqlx::Error> {
    match &f.backend {
        Backend::Memory(_) => Ok(()),
        Backend::Sqlite { writer, .. } => writer.execute(sql).await.map(drop),
        Backend::Postgres { pool, .. } => pool.execute(sql).await.map(drop),
    }
}

async fn refuses_changes(f: &Fixture) {
    f.log.append(to("a", 0, 1)).await.unwrap();
    for change in ["UPDATE events SET event_type = 'other'", "DELETE FROM events"] {
        let error = run(f, change).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    assert_eq!(f.log.load(&crate::support::stream("a"), 0).await.unwrap()[0].name, "happened");
}

#[tokio::test]
async fn sqlite_refuses_to_change_history() {
    refuses_changes(&Fixture::sqlite().await).await;
}

#[tokio::test]
async fn postgres_refuses_to_change_history() {
    let f = Fixture::postgres().await;
    refuses_changes(&f).await;
    let error = run(&f, "TRUNCATE events").await.unwrap_err().to_string();
    assert!(error.contains("append-only"), "{error}");
}

/// Makes a hole, which takes a deliberate act.
async fn damaged(f: &Fixture, disarm: &str) -> Vec<String> {
    for n in 0..5 {
        let append = Append { take: vec![owned(&format!("v{n}"), "a")], ..to("a", n, 1) };
        f.log.append(append).await.unwrap();
    }
    assert_eq!(f.violations().await, [""; 0]);
    run(f, disarm).await.unwrap();
    run(f, "DELETE FROM events WHERE position = 3").await.unwrap();
    run(f, "UPDATE claims SET aggregate_id = 'gone' WHERE value = 'v1'").await.unwrap();
    let corrupt = |outcome: Result<_, LogError>| matches!(outcome, Err(LogError::Corrupt(_)));
    assert!(corrupt(f.log.read(0, 10).await));
    assert!(corrupt(f.log.load(&crate::support::stream("a"), 0).await));
    assert!(!corrupt(f.log.read(3, 10).await), "what is whole can be read");
    f.violations().await
}

fn tells(violations: &[String]) {
    for part in ["a hole before 4", "thing/a has 4 events from 1 to 5", "thing/gone"] {
        assert!(violations.iter().any(|one| one.contains(part)), "{part}: {violations:?}");
    }
}

#[tokio::test]
async fn sqlite_tells_of_holes() {
    let f = Fixture::sqlite().await;
    tells(&damaged(&f, "DROP TRIGGER events_no_delete").await);
    let Backend::Sqlite { writer, .. } = &f.backend else { return };
    let (writer, clock) = (writer.clone(), f.clock.clone());
    let reader = Reader::new(writer.clone(), 1);
    let opened = SqliteLog::open(writer, reader, clock, LogSettings::default()).await;
    assert!(matches!(opened, Err(LogError::Corrupt(_))));
}

#[tokio::test]
async fn postgres_tells_of_holes() {
    let f = Fixture::postgres().await;
    tells(&damaged(&f, "ALTER TABLE events DISABLE TRIGGER USER").await);
    let Backend::Postgres { pool, .. } = &f.backend else { return };
    let reader = Reader::new(pool.clone(), 1);
    let opened = PgLog::open(pool.clone(), reader, f.clock.clone(), LogSettings::default()).await;
    assert!(matches!(opened, Err(LogError::Corrupt(_))));
}

/// Positions never restart, and the triggers are back afterwards.
#[cfg(feature = "testing-only")]
async fn resets(f: &Fixture) {
    let taking = |id: &str| Append {
        take: vec![owned("v", id)],
        work: vec![crate::work::message(1)],
        ..to(id, 0, 1)
    };
    f.log.append(taking("a")).await.unwrap();
    f.log.append(to("b", 0, 2)).await.unwrap();
    match &f.backend {
        Backend::Memory(log) => log.reset(),
        Backend::Sqlite { log, .. } => log.reset().await.unwrap(),
        Backend::Postgres { log, .. } => log.reset().await.unwrap(),
    }
    let events = f.log.read(0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].position, events[0].name.as_str()), (4, "log_reset"));
    assert_eq!(f.log.owner(&owned("v", "a").claim).await, Ok(None));
    assert_eq!(f.work().await, [], "nothing waits any more");
    assert_eq!(f.log.append(taking("b")).await, crate::support::at(5));
    assert_eq!(f.work().await.len(), 1);
    assert_eq!(f.log.read(2, 10).await.unwrap().len(), 2, "whoever was behind it, sees it");
    assert_eq!(*f.log.watch().borrow(), 5);
    assert_eq!(f.violations().await, [""; 0]);
    if !matches!(f.backend, Backend::Memory(_)) {
        let error = run(f, "DELETE FROM events").await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}

#[cfg(feature = "testing-only")]
#[tokio::test]
async fn a_reset_leaves_an_event_at_the_next_position() {
    resets(&Fixture::memory()).await;
    resets(&Fixture::sqlite().await).await;
    resets(&Fixture::postgres().await).await;
}
