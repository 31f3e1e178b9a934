//! Locks held elsewhere, full queues, lost connections, closing.

use std::{sync::Arc, time::Duration};

use application::ports::{AppendError, EventLog};
use sqlx::{ConnectOptions, Executor, SqlitePool};
use store::{
    db::Reader,
    log::{LogSettings, PgLog, SqliteLog},
};
use tokio::task::JoinSet;

use crate::support::{Backend, Fixture, at, to};

fn impatient() -> LogSettings {
    LogSettings {
        queue: 2,
        append_wait: Duration::from_millis(300),
        lock_wait: Duration::from_millis(200),
        ..LogSettings::default()
    }
}

async fn waits_and_recovers(f: &Fixture, log: Arc<dyn EventLog>, hold: &str, release: &str) {
    // Some other writer holds the log.
    enum Holder {
        Sqlite(Box<sqlx::SqliteConnection>),
        Postgres(sqlx::pool::PoolConnection<sqlx::Postgres>),
    }
    let mut holder = match &f.backend {
        Backend::Memory(_) => return,
        Backend::Sqlite { writer, .. } => {
            let options = (*writer.connect_options()).clone();
            Holder::Sqlite(Box::new(options.connect().await.unwrap()))
        }
        Backend::Postgres { pool, .. } => Holder::Postgres(pool.acquire().await.unwrap()),
    };
    match &mut holder {
        Holder::Sqlite(one) => drop(one.execute(hold).await.unwrap()),
        Holder::Postgres(one) => drop(one.execute(hold).await.unwrap()),
    }
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let log = log.clone();
        tasks.spawn(async move { log.append(to(&format!("held{n}"), 0, 1)).await });
    }
    while let Some(task) = tasks.join_next().await {
        let outcome = task.unwrap();
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!(log.head().await, Ok(0), "reading goes on");
    match &mut holder {
        Holder::Sqlite(one) => drop(one.execute(release).await.unwrap()),
        Holder::Postgres(one) => drop(one.execute(release).await.unwrap()),
    }
    // What is still in flight ends within the lock's wait; then it works again.
    let mut outcome = log.append(to("free", 0, 1)).await;
    while matches!(outcome, Err(AppendError::Unavailable(_))) {
        outcome = log.append(to("free", 0, 1)).await;
    }
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(f.violations().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_appends_wait_bounded_while_another_holds_the_log() {
    let f = Fixture::postgres().await;
    let Backend::Postgres { pool, .. } = &f.backend else { return };
    let log = PgLog::open(pool.clone(), Reader::new(pool.clone(), 2), f.clock.clone(), impatient())
        .await
        .unwrap();
    let hold = "BEGIN; SELECT pg_advisory_xact_lock(x'67726f756e64776f'::bigint)";
    waits_and_recovers(&f, Arc::new(log), hold, "COMMIT").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_appends_wait_bounded_while_another_holds_the_file() {
    let f = Fixture::sqlite().await;
    let Backend::Sqlite { writer, .. } = &f.backend else { return };
    let own = SqlitePool::connect_lazy_with((*writer.connect_options()).clone());
    let log = SqliteLog::open(writer.clone(), Reader::new(own, 2), f.clock.clone(), impatient());
    let log = log.await.unwrap();
    waits_and_recovers(&f, Arc::new(log), "BEGIN IMMEDIATE", "COMMIT").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_connections_that_are_cut_come_back() {
    let f = Fixture::postgres().await;
    let other = f.processes(2).await.remove(1);
    assert_eq!(f.log.append(to("a", 0, 1)).await, at(1));
    let Backend::Postgres { pool, .. } = &f.backend else { return };
    for version in 1..4 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        pool.execute(cut).await.unwrap();
        let mut outcome = f.log.append(to("a", version, 1)).await;
        while matches!(outcome, Err(AppendError::Unavailable(_))) {
            outcome = f.log.append(to("a", version, 1)).await;
        }
        assert_eq!(outcome, at(version + 1));
        let mut watch = other.watch();
        let reached = watch.wait_for(|head| *head > version);
        tokio::time::timeout(Duration::from_secs(10), reached).await.unwrap().unwrap();
    }
}

async fn closes(log: Arc<dyn EventLog>, close: impl Future<Output = ()>) {
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let log = log.clone();
        tasks.spawn(async move { log.append(to(&format!("c{n}"), 0, 1)).await });
    }
    tokio::task::yield_now().await;
    close.await;
    let late = log.append(to("late", 0, 1)).await;
    assert!(matches!(late, Err(AppendError::Unavailable(_))), "{late:?}");
    let mut acknowledged = 0;
    while let Some(task) = tasks.join_next().await {
        match task.unwrap() {
            Ok(_) => acknowledged += 1,
            Err(error) => assert!(matches!(error, AppendError::Unavailable(_)), "{error}"),
        }
    }
    assert_eq!(log.head().await, Ok(acknowledged), "what was queued was finished, no more");
}

#[tokio::test]
async fn closing_finishes_what_is_queued() {
    let f = Fixture::sqlite().await;
    let Backend::Sqlite { log, .. } = &f.backend else { return };
    closes(f.log.clone(), log.close()).await;
    let f = Fixture::postgres().await;
    let Backend::Postgres { log, .. } = &f.backend else { return };
    closes(f.log.clone(), log.close()).await;
}
