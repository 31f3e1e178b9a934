//! The testing clock belongs to the deployment: whichever host is told, all follow.

use std::time::{Duration, Instant};

use acceptance::{Database, TestApp};
use serde_json::json;

/// Hosts look ten times a second.
const FOLLOWED: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_on_one_database_follow_each_others_clock() {
    let one = TestApp::start_on(Database::create().await, |environment| environment).await;
    let other = one.start_beside().await;
    let (owner, minutes) = (one.owner(), time::Duration::minutes);
    let [short, long] =
        [minutes(30), minutes(60)].map(|lifetime| one.token(&owner.user, &owner.grants, lifetime));
    // Neither has to be told: the lifetimes of tokens tell what time it is for a host.
    let good = async |app: &TestApp, token: &str| {
        let status = app.get("/cars").bearer(token).send().await.status.as_u16();
        assert!([200, 401].contains(&status), "{status}");
        status == 200
    };
    let becomes = async |app: &TestApp, token: &str, expected: bool| {
        let begun = Instant::now();
        while good(app, token).await != expected {
            assert!(begun.elapsed() < FOLLOWED, "the clock is not followed");
        }
    };
    let forward = json!({ "advanceSeconds": 40 * 60 });
    for app in [&one, &other] {
        assert!(good(app, &short).await && good(app, &long).await);
    }

    let _ = one.put("/testingonly/clock").json(&forward).send().await.expect(202);
    becomes(&other, &short, false).await;
    assert!(good(&other, &long).await);

    // Both moves count, also for the host that made only the first.
    let _ = other.put("/testingonly/clock").json(&forward).send().await.expect(202);
    assert!(!good(&other, &long).await);
    becomes(&one, &long, false).await;

    let _ = other.delete("/testingonly/clock").send().await.expect(204);
    becomes(&one, &short, true).await;
    assert!(good(&other, &short).await);

    // A host that starts later is where the others are.
    let _ = one.put("/testingonly/clock").json(&forward).send().await.expect(202);
    other.finish().await;
    let late = one.start_beside().await;
    assert!(!good(&late, &short).await && good(&late, &long).await);
    late.finish().await;
    one.finish().await;
}
