//! A database that goes away and comes back.

use std::sync::Arc;

use application::ports::ReadModels;
use store::db::{Db, PoolSettings};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::{
    kettles::V1,
    support::{Held, LIMIT, On, Site, until},
};

/// Stands before PostgreSQL and can be cut.
struct Wire {
    address: String,
    open: Arc<watch::Sender<bool>>,
    _tasks: JoinSet<()>,
}

impl Wire {
    async fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let open = Arc::new(watch::Sender::new(true));
        let mut tasks = JoinSet::new();
        let state = open.clone();
        tasks.spawn(async move {
            let mut calls = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let mut state = state.subscribe();
                if !*state.borrow() {
                    continue;
                }
                calls.spawn(async move {
                    let mut far = TcpStream::connect(crate::support::server()).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|open| !*open) => {}
                    }
                });
            }
        });
        Self { address, open, _tasks: tasks }
    }
}

#[tokio::test]
async fn an_outage_is_waited_for_and_reads_answer_that_they_are_unavailable() {
    let mut site = Site::new(On::Postgres).await;
    let wire = Wire::lay().await;
    let Held::Database(name) = &site.held else { unreachable!("it is PostgreSQL") };
    let url = format!("postgres://{}@{}/{name}", crate::support::user(), wire.address);
    let wait = std::time::Duration::from_millis(500);
    site.db = Db::postgres(&url, PoolSettings { connections: 4, wait }).unwrap();
    let running = site.start(&[V1]);
    let position = site.kettles(0, 2, 1).await;
    running.reached(position).await;

    wire.open.send_replace(false);
    let refused = site.db.fetch("SELECT 1 AS one", &[]).await;
    assert!(refused.is_err_and(|error| error.is_outage()));
    let during = site.kettles(10, 3, 1).await;
    until("stands by", || async { !running.progress.runs_here() }).await;
    let brief = std::time::Duration::from_millis(50);
    assert!(!running.progress.reached(&["kettles"], during, brief).await);

    wire.open.send_replace(true);
    assert!(running.progress.reached(&["kettles"], during, LIMIT).await);
    assert_eq!(site.shown().await.len(), 5);
    let letters = site.ops().dead_letters(None, 0, 10).await.unwrap();
    assert!(letters.is_empty(), "an outage is no poison");
    assert_eq!(site.applied().await, 10);
    running.stop().await;
}
