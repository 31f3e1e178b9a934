//! Several processes share the parts of the log.

use application::ports::Partition;
use store::{consumers::LogFeed, projections::Projection};

use crate::{
    kettles::V1,
    support::{BOTH, On, Running, Site, until},
};

const FOUR: u16 = 4;

fn start(site: &Site, parts: u16, projections: &[Projection]) -> Running {
    let partition = Partition::new(parts).expect("some parts");
    let feeds = std::sync::Arc::new(LogFeed::new(site.log.clone(), partition));
    site.start_divided(partition, projections, feeds, None)
}

/// How far each part of what is served is.
async fn positions(site: &Site) -> Vec<i64> {
    let sql = "SELECT position FROM projections WHERE name = 'kettles' AND state = 'active' \
         ORDER BY part";
    let rows = site.db.fetch(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.int("position").unwrap()).collect()
}

#[tokio::test]
async fn one_process_works_on_all_parts() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = start(&site, FOUR, &[V1]);
        let position = site.kettles(0, 50, 3).await;
        running.reached(position).await;
        assert_eq!(site.applied().await, 200, "{on:?}");
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new(), "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn two_processes_share_the_parts_and_take_over_from_each_other() {
    let site = Site::new(On::Postgres).await;
    let first = start(&site, FOUR, &[V1]);
    first.reached(site.kettles(0, 20, 3).await).await;
    assert_eq!(first.progress.parts_here(), FOUR);
    let second = start(&site, FOUR, &[V1]);
    until("the parts are shared", || async {
        (first.progress.parts_here(), second.progress.parts_here()) == (2, 2)
    })
    .await;
    let position = site.kettles(100, 20, 3).await;
    first.reached(position).await;
    second.reached(position).await;
    first.kill().await;
    until("the other one took over", || async { second.progress.parts_here() == FOUR }).await;
    second.reached(site.kettles(200, 20, 3).await).await;
    assert_eq!(site.applied().await, 240);
    assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new());
    second.stop().await;
}

#[tokio::test]
async fn a_quiet_log_can_be_divided_anew() {
    for on in BOTH {
        let site = Site::new(on).await;
        for (round, parts) in [1, FOUR, 3, 1].into_iter().enumerate() {
            let running = start(&site, parts, &[V1]);
            let first = u32::try_from(round).unwrap() * 1_000;
            running.reached(site.kettles(first, 5, 1).await).await;
            running.settled().await;
            running.stop().await;
            assert_eq!(positions(&site).await.len(), usize::from(parts), "{on:?}");
        }
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new(), "{on:?}");
    }
}
