//! PostgreSQL finds everything in a large log by indexes.

use application::ports::{Append, EventLog, IdempotencyKey, StreamId};
use sqlx::{Connection as _, PgConnection, PgPool, Row as _, postgres::PgPoolOptions};
use store::{
    db::Reader,
    log::{LogSettings, PgLog},
};

use crate::support::{Backend, Fixture, claim, owned, stream, to};

const LARGE: [&str; 4] = ["claims", "events", "idempotency_keys", "snapshots"];
const SCANS: &str = "SELECT seq_scan, coalesce(idx_scan, 0) AS idx_scan FROM pg_stat_user_tables \
    WHERE relname = $1";
const END: &str = "WITH others AS MATERIALIZED (SELECT pid FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() \
    AND backend_type = 'client backend') \
    SELECT pid FROM others ORDER BY pg_terminate_backend(pid, 20000)";
const FILL: [&str; 3] = [
    "INSERT INTO idempotency_keys SELECT 'scope', 'key' || n, 'print', n, NULL, NULL, NULL, \
     now() + interval '20 years' FROM generate_series(1, 10000) n",
    "INSERT INTO snapshots SELECT 'thing', 'a' || n, 1, 1, '{}' FROM generate_series(1, 10000) n",
    "VACUUM ANALYZE",
];

/// Ten thousand of everything.
async fn fill(f: &Fixture, pool: &PgPool) {
    for hundred in 0..100 {
        let ids: Vec<String> = (1..=100).map(|n| format!("a{}", hundred * 100 + n)).collect();
        let streams = ids.iter().flat_map(|id| to(id, 0, 1).streams).collect();
        let take = ids.iter().map(|id| owned(id, id)).collect();
        f.log.append(Append { streams, take, ..Append::default() }).await.unwrap();
    }
    for statement in FILL {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
}

async fn ask(log: &PgLog) {
    let head = log.head().await.unwrap();
    for n in (1..10_000).step_by(500) {
        let id = format!("a{n}");
        assert_eq!(log.load(&stream(&id), 0).await.unwrap().len(), 1);
        assert_eq!(log.owner(&claim(&id)).await.unwrap(), Some(stream(&id)));
        assert!(log.snapshot(&stream(&id), 1).await.unwrap().is_some());
        assert_eq!(log.read(n, 100).await.unwrap().len(), 100);
        assert_eq!(log.touched(n, n + 10, &["happened"]).await.unwrap().len(), 10);
        let key = format!("key{n}");
        assert!(log.answered("scope", &key).await.unwrap().is_some());
        let again = IdempotencyKey { scope: "scope".into(), key, fingerprint: "print".into() };
        let known = Append { idempotency: Some(again), ..to(&id, 1, 1) };
        assert!(log.append(known).await.is_err());
        let taken = Append { take: vec![owned(&format!("a{}", n + 1), "b")], ..to("b", 0, 1) };
        assert!(log.append(taken).await.is_err());
        log.append(to(&id, 1, 1)).await.unwrap();
    }
    assert_eq!(log.load(&StreamId::new("thing", "nobody"), 0).await.unwrap(), []);
    assert_eq!(log.head().await.unwrap(), head + 20);
}

async fn scans(watching: &mut PgConnection) -> Vec<(i64, i64)> {
    let mut scans = vec![];
    for table in LARGE {
        let row = sqlx::query(SCANS).bind(table).fetch_one(&mut *watching).await.unwrap();
        scans.push((row.get("seq_scan"), row.get("idx_scan")));
    }
    scans
}

/// What a connection does is counted at the latest when it ends; before that, it may be seconds
/// late.
async fn end_all_others(watching: &mut PgConnection) {
    let ended: Vec<i32> = sqlx::query_scalar(END).fetch_all(&mut *watching).await.unwrap();
    let open = sqlx::query("SELECT FROM pg_stat_activity WHERE pid = ANY ($1)").bind(ended);
    assert_eq!(open.fetch_all(watching).await.unwrap().len(), 0, "a connection goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_read_from_end_to_end() {
    let f = Fixture::postgres().await;
    let Backend::Postgres { pool, .. } = &f.backend else { return };
    let options = pool.connect_options();
    fill(&f, pool).await;
    let mut watching = PgConnection::connect_with(&options).await.unwrap();
    end_all_others(&mut watching).await;
    let before = scans(&mut watching).await;
    let asking = PgPoolOptions::new().max_connections(4).connect_with((*options).clone()).await;
    let asking = asking.unwrap();
    let reader = Reader::new(asking.clone(), 3);
    let log = PgLog::open(asking, reader, f.clock.clone(), LogSettings::default()).await.unwrap();
    ask(&log).await;
    log.close().await;
    drop(log);
    end_all_others(&mut watching).await;
    let after = scans(&mut watching).await;
    for ((table, before), after) in LARGE.iter().zip(before).zip(after) {
        assert_eq!(after.0, before.0, "{table} was read from end to end");
        assert!(after.1 > before.1, "{table} was not asked");
    }
}
