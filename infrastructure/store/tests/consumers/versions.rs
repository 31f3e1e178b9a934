//! New versions are built beside old ones; definitions that changed in silence are refused.

use store::consumers::{StartError, check};

use crate::{
    kettles::{CHANGED, V1, V2},
    support::{BOTH, Site},
};

async fn views(site: &Site) -> Vec<bool> {
    let mut found = Vec::new();
    for view in ["rm_kettles_v1", "rm_kettles_v2"] {
        found.push(site.db.fetch(&format!("SELECT id FROM {view}"), &[]).await.is_ok());
    }
    found
}

#[tokio::test]
async fn a_changed_definition_needs_a_new_version() {
    for on in BOTH {
        let site = Site::new(on).await;
        check(&site.db, &[V1]).await.unwrap();
        let running = site.start(&[V1]);
        running.settled().await;
        running.stop().await;
        check(&site.db, &[V1]).await.unwrap();
        let refused = check(&site.db, &[CHANGED]).await.unwrap_err();
        assert!(matches!(refused, StartError::DefinitionChanged { version: 1, next: 2, .. }));
        assert!(refused.to_string().contains("give it version 2"), "{refused}");
        check(&site.db, &[V2]).await.unwrap();
    }
}

#[tokio::test]
async fn a_new_version_is_built_from_the_first_event_beside_the_old_one() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let position = site.kettles(0, 10, 2).await;
        running.reached(position).await;
        running.stop().await;
        let running = site.start(&[V2]);
        running.reached(position).await;
        assert!(running.progress.is_ready().await);
        // Hosts of the version before can still read what it was.
        assert_eq!(views(&site).await, [true, true]);
        let sql = "SELECT count(*) AS kettles FROM rm_kettles_v2";
        let rows = site.db.fetch_one(sql, &[]).await.unwrap().unwrap();
        assert_eq!(rows.int("kettles").unwrap(), 10, "{on:?}");
        running.stop().await;
    }
}
