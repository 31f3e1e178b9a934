//! Events that no consumer can handle: they park where operators see them, the rest flows.

use acceptance::{TestApp, on_every_deployment_and_a_broker};

on_every_deployment_and_a_broker!(
    an_unknown_event_parks_and_others_flow,
    a_corrupt_event_parks_with_what_follows_it,
    positions_are_dense_and_streams_have_no_holes,
    history_cannot_be_changed,
);

async fn an_unknown_event_parks_and_others_flow(app: &TestApp) {
    app.expect_dead_letters();
    let owner = app.owner();
    let (broken, fine) = (app.register_car(&owner).await, app.register_car(&owner).await);
    app.log().forge(&broken, 5, "painted_red", "{}").await;
    app.take_offline(&owner, &fine, 30, 40).await;
    app.settle().await;
    let letters = app.dead_letters().await;
    assert!(letters.iter().any(|(_, position)| *position == 9), "{letters:?}");
    // What was there before is still served, and other cars go on.
    assert_eq!(app.cars(&owner, "").await.len(), 2);
    assert_eq!(app.unavailabilities(&owner, &fine).await.len(), 1);
    // Deciding on a history that can't be read is a fault, and no change.
    let before = app.head().await;
    let path = format!("/cars/{broken}/offline");
    let _ = app.put(&path).by(&owner).json(&app.slot(30, 40)).send().await.problem(500);
    assert_eq!(app.head().await, before);
}

async fn a_corrupt_event_parks_with_what_follows_it(app: &TestApp) {
    app.expect_dead_letters();
    let owner = app.owner();
    let (broken, fine) = (app.register_car(&owner).await, app.register_car(&owner).await);
    let deleted = format!(r#"{{"deletedById":"{}","isTombstone":true}}"#, owner.user);
    app.log().forge(&broken, 5, "unavailability_slot_added", r#"{"from":"never"}"#).await;
    app.log().forge(&broken, 6, "deleted", &deleted).await;
    app.log().forge(&fine, 5, "deleted", &deleted).await;
    // Makes the host look at the log again.
    app.register_car(&owner).await;
    app.settle().await;
    let positions: Vec<_> = app.dead_letters().await.into_iter().map(|(_, at)| at).collect();
    assert_eq!(positions, [9, 10], "the stream waits behind its first bad event");
    let cars = app.cars(&owner, "").await;
    assert_eq!(cars.len(), 2, "{cars:?}");
    assert!(cars.iter().any(|car| car["id"] == *broken), "parked events change nothing");
}

async fn positions_are_dense_and_streams_have_no_holes(app: &TestApp) {
    let (owner, other) = (app.owner(), app.owner());
    let register = || async {
        let id = app.register_car(&owner).await;
        app.take_offline(&owner, &id, 30, 31).await;
        app.register_car(&other).await
    };
    let _ = tokio::join!(register(), register(), register(), register());
    let rows = app.log().rows().await;
    assert_eq!(rows.len(), 4 * 9);
    for (row, position) in rows.iter().zip(1..) {
        assert_eq!(row.position, position);
        let earlier = rows.iter().filter(|other| {
            other.aggregate_id == row.aggregate_id && other.position < row.position
        });
        assert_eq!(i64::try_from(earlier.count()), Ok(row.sequence - 1), "{row:?}");
    }
}

async fn history_cannot_be_changed(app: &TestApp) {
    app.register_car(&app.owner()).await;
    let before = app.log().rows().await;
    for statement in [
        "UPDATE events SET event_type = 'x'",
        "DELETE FROM events",
        "DELETE FROM events WHERE position = 1",
    ] {
        assert!(app.log().try_execute(statement).await.is_err(), "{statement}");
    }
    assert_eq!(app.log().rows().await, before);
}
