//! Connections that go from one read to the next.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{
    PgPool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use store::db::{Db, PoolSettings, Reader};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time,
};

use crate::support::{Database, sqlite_pools};

/// The connection that answered.
async fn backend(reader: &Reader<Postgres>) -> Result<i32, sqlx::Error> {
    use sqlx::Row as _;
    let row = reader.first(sqlx::query("SELECT pg_backend_pid()")).await?;
    row.ok_or(sqlx::Error::RowNotFound)?.try_get(0)
}

async fn at_work(pool: &PgPool, like: &str) -> bool {
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1";
    let count: i64 = sqlx::query_scalar(running).bind(like).fetch_one(pool).await.unwrap();
    count > 0
}

fn impatient() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(200))
}

/// A way to a server on which nothing arrives any more once it is silent.
async fn way(listener: TcpListener, server: SocketAddr, silent: watch::Receiver<bool>) {
    let mut ways = JoinSet::new();
    while let Ok((mut here, _)) = listener.accept().await {
        let mut silent = silent.clone();
        let silenced = async move { drop(silent.wait_for(|is| *is).await) };
        ways.spawn(async move {
            let mut there = TcpStream::connect(server).await.unwrap();
            tokio::select! {
                _ = copy_bidirectional(&mut here, &mut there) => {}
                () = silenced => std::future::pending().await,
            }
        });
    }
}

#[tokio::test]
async fn a_server_that_fell_silent_keeps_nobody_waiting() {
    let database = Database::create().await;
    let options: PgConnectOptions = database.url.parse().unwrap();
    let server = format!("{}:{}", options.get_host(), options.get_port()).parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (silence, silent) = watch::channel(false);
    let mut ways = JoinSet::new();
    ways.spawn(way(listener, server, silent));
    let options = options.host(&address.ip().to_string()).port(address.port());
    let reader = Reader::new(impatient().connect_lazy_with(options), 1);
    backend(&reader).await.unwrap();
    silence.send_replace(true);
    // It rested so long that it is tried out.
    time::pause();
    time::advance(Duration::from_secs(3)).await;
    time::resume();
    let told = time::timeout(Duration::from_secs(10), backend(&reader)).await;
    assert!(matches!(told.unwrap(), Err(sqlx::Error::PoolTimedOut)));
}

#[tokio::test]
async fn one_after_the_other_shares_a_connection() {
    let database = Database::create().await;
    let reader = Reader::new(database.pool().await, 3);
    let first = backend(&reader).await.unwrap();
    for _ in 0..5 {
        assert_eq!(backend(&reader).await.unwrap(), first);
    }
    reader.close().await;
}

#[tokio::test]
async fn a_pool_gets_nothing_back_between_reads() {
    let database = Database::create().await;
    let returned = Arc::new(AtomicUsize::new(0));
    let counter = returned.clone();
    // With a single connection a pool must have it back before it can lend it again.
    let pool = PgPoolOptions::new().max_connections(1).after_release(move |_, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(true)))
    });
    let reader = Reader::new(pool.connect(&database.url).await.unwrap(), 1);
    let before = returned.load(Ordering::SeqCst);
    for _ in 0..5 {
        backend(&reader).await.unwrap();
    }
    assert_eq!(returned.load(Ordering::SeqCst), before);
    reader.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_connections_are_taken_than_agreed() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let reader = Reader::new(pool.clone(), 2);
    let mut reads = JoinSet::new();
    for _ in 0..20 {
        let reader = reader.clone();
        reads.spawn(async move { backend(&reader).await });
    }
    let pids: Vec<i32> = reads.join_all().await.into_iter().map(Result::unwrap).collect();
    let different: std::collections::HashSet<_> = pids.iter().collect();
    assert!(different.len() <= 2, "{different:?}");
    // Others find a connection while all those are kept.
    let rest = time::timeout(Duration::from_secs(10), pool.begin()).await;
    rest.unwrap().unwrap().rollback().await.unwrap();
    reader.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_finds_a_connection_in_the_smallest_pool() {
    let database = Database::create().await;
    for connections in 2..5 {
        let wait = Duration::from_secs(5);
        let db = Db::postgres(&database.url, PoolSettings { connections, wait }).unwrap();
        let mut reads = JoinSet::new();
        for _ in 0..20 {
            let db = db.clone();
            reads.spawn(async move { db.fetch("SELECT 1, pg_sleep(0.01)", &[]).await.map(drop) });
        }
        for read in reads.join_all().await {
            read.unwrap();
        }
        db.begin().await.unwrap().commit().await.unwrap();
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_not_read_by_the_next() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let reader = Reader::new(pool.clone(), 1);
    let mut holder = pool.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(7)").execute(&mut *holder).await.unwrap();
    let mut given_up = JoinSet::new();
    let reading = reader.clone();
    given_up.spawn(async move {
        reading.all(sqlx::query("SELECT 7, pg_advisory_xact_lock(7)")).await.map(drop)
    });
    while !at_work(&pool, "SELECT 7%").await {
        tokio::task::yield_now().await;
    }
    given_up.shutdown().await;
    sqlx::query("SELECT pg_advisory_unlock(7)").execute(&mut *holder).await.unwrap();
    assert!(backend(&reader).await.unwrap() > 7);
    reader.close().await;
}

#[tokio::test]
async fn a_connection_that_was_cut_is_replaced() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let reader = Reader::new(pool.clone(), 1);
    let cut = backend(&reader).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)").bind(cut).execute(&pool).await.unwrap();
    // It was used a moment ago, so nobody tries it out.
    assert!(backend(&reader).await.is_err());
    assert_ne!(backend(&reader).await.unwrap(), cut);
    reader.close().await;
}

#[tokio::test]
async fn a_refused_read_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, reader) = sqlite_pools(&folder.path().join("log.db")).await;
    sqlx::query("CREATE TABLE kettles (id INTEGER)").execute(&writer).await.unwrap();
    for _ in 0..10 {
        assert!(reader.all(sqlx::query("SELECT nothing FROM kettles")).await.is_err());
        assert!(reader.all(sqlx::query("INSERT INTO kettles VALUES (1)")).await.is_err());
        assert!(reader.first(sqlx::query("SELECT id FROM kettles")).await.unwrap().is_none());
    }
    reader.close().await;
    let closed = reader.first(sqlx::query("SELECT id FROM kettles")).await;
    assert!(matches!(closed, Err(sqlx::Error::PoolClosed)));
}

#[tokio::test]
async fn who_waits_too_long_is_told() {
    let database = Database::create().await;
    let pool = impatient().connect(&database.url).await.unwrap();
    let reader = Reader::new(pool.clone(), 1);
    let held = pool.acquire().await.unwrap();
    assert!(matches!(backend(&reader).await, Err(sqlx::Error::PoolTimedOut)));
    drop(held);
    backend(&reader).await.unwrap();
    reader.close().await;
}
