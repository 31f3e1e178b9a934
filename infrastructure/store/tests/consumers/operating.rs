//! Rebuild, pause, resume and verify while events arrive.

use application::ports::ReadModels;
use store::consumers::{Action, OpsError, State};

use crate::{
    kettles::V1,
    support::{BOTH, LIMIT, Site},
};

#[tokio::test]
async fn a_rebuild_serves_all_the_time_and_ends_with_the_same_rows() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let position = site.kettles(0, 30, 3).await;
        running.reached(position).await;
        // A row that no event made: it is gone after the rebuild.
        let bad = "UPDATE rm_kettles_v1_g1 SET litres = 77 WHERE id = 'k3'";
        site.db.execute(bad, &[]).await.unwrap();
        let arrive = async {
            for number in 0..30 {
                site.kettles(1000 + number, 1, 2).await;
                assert!(site.shown().await.len() >= 30);
            }
        };
        let (built, ()) = tokio::join!(site.ask("kettles", Action::Rebuild), arrive);
        assert_eq!(built.unwrap(), "built as generation 2");
        running.settled().await;
        assert_eq!(site.shown().await.len(), 60);
        assert!(site.shown().await.iter().all(|(_, litres, _)| *litres < 77));
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new());
        let old = site.db.fetch("SELECT id FROM rm_kettles_v1_g1", &[]).await;
        assert!(old.is_err(), "{on:?}: the old generation is still there");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_rebuild_goes_on_after_the_engine_was_killed() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let position = site.kettles(0, 20, 3).await;
        running.reached(position).await;
        let ops = site.ops();
        let ask = ops.ask("kettles", Action::Rebuild, LIMIT);
        let restart = async {
            running.kill().await;
            site.start(&[V1])
        };
        let (built, running) = tokio::join!(ask, restart);
        assert!(built.unwrap().starts_with("built as generation "), "{on:?}");
        running.settled().await;
        assert_eq!(site.shown().await.len(), 20);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_paused_projection_stands_still_and_nobody_waits_for_it() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let position = site.kettles(0, 1, 1).await;
        running.reached(position).await;
        site.ask("kettles", Action::Pause).await.unwrap();
        let later = site.kettles(1, 1, 1).await;
        assert!(running.progress.handling(&[("kettle", "filled")]).is_empty());
        assert!(!running.progress.reached(&["kettles"], later, LIMIT).await);
        running.settled().await;
        assert_eq!(site.shown().await.len(), 1);
        let status = site.ops().status(&[V1], &[]).await.unwrap();
        assert_eq!(status[0].generation, Some((1, 1, State::Paused)));
        assert_eq!((status[0].position, status[0].behind), (position, 2));
        assert!(status[0].behind_seconds > 0.0);
        // It stays so over a restart.
        running.stop().await;
        let running = site.start(&[V1]);
        site.ask("kettles", Action::Resume).await.unwrap();
        running.reached(later).await;
        assert_eq!(site.shown().await.len(), 2, "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn verification_finds_a_row_that_was_tampered_with() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let position = site.kettles(0, 5, 2).await;
        running.reached(position).await;
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new());
        let change = "UPDATE rm_kettles_v1_g1 SET litres = 77 WHERE id = 'k3'";
        site.db.execute(change, &[]).await.unwrap();
        site.db.execute("DELETE FROM rm_kettles_v1_g1 WHERE id = 'k4'", &[]).await.unwrap();
        let found = site.ops().verify(&[V1]).await.unwrap();
        assert_eq!(
            found,
            [
                "kettles: row 'k3' is not what the log makes of it",
                "kettles: row 'k3' is missing, or not what it should be",
                "kettles: row 'k4' is missing, or not what it should be",
            ],
            "{on:?}"
        );
        running.stop().await;
    }
}

#[tokio::test]
async fn an_operator_is_told_what_cannot_be() {
    for on in BOTH {
        let site = Site::new(on).await;
        let nobody = site.ops().ask("kettles", Action::Pause, std::time::Duration::ZERO).await;
        assert!(matches!(nobody, Err(OpsError::NoAnswer(_))));
        let running = site.start(&[V1]);
        running.settled().await;
        let unknown = site.ask("teapots", Action::Pause).await.unwrap_err();
        assert_eq!(unknown.to_string(), "there is no consumer 'teapots' here");
        let missing = site.ask("kettles", Action::Discard(5)).await.unwrap_err();
        assert_eq!(missing.to_string(), "there is no dead letter at 5", "{on:?}");
        running.stop().await;
    }
}
