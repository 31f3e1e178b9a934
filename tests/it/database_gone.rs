//! The database is gone for a while: 503 with Retry-After, and all is well when it is back.

use std::time::{Duration, Instant};

use acceptance::{Answer, Database, TestApp};
use xtask::proxy::Proxy;

use crate::honda;

/// Longer than any pool takes to connect again.
const RECOVERY: Duration = Duration::from_secs(30);

/// A host whose way to the database can be cut.
async fn behind_a_proxy() -> (TestApp, Proxy) {
    let database = Database::create().await;
    let proxy = Proxy::start(database.host()).unwrap();
    let url = database.url.replace(&database.host(), &proxy.address.to_string());
    let adjust = |environment: acceptance::binary::Environment| {
        environment.with("DATABASE_URL", &url).with("GROUNDWORK_DATABASE_WAIT_MILLISECONDS", "500")
    };
    (TestApp::start_on(database, adjust).await, proxy)
}

fn unavailable(answer: Answer) {
    assert!(!answer.header("retry-after").is_empty(), "{answer}");
    assert_eq!(answer.problem(503)["status"], 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_queries_answer_503_and_recover() {
    let (app, proxy) = behind_a_proxy().await;
    let owner = app.owner();
    let before = app.register_car(&owner).await;

    proxy.cut();
    unavailable(app.post("/cars").by(&owner).json(&honda()).send().await);
    unavailable(app.get("/cars").by(&owner).send().await);
    unavailable(app.get(&format!("/cars/{before}")).by(&owner).send().await);
    unavailable(app.delete(&format!("/cars/{before}")).by(&owner).send().await);
    let begun = Instant::now();
    unavailable(app.get("/cars").by(&owner).send().await);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // What needs no database is still judged first.
    let _ = app.get("/cars").send().await.problem(401);
    // Alive, but not ready.
    let _ = app.get("/health/live").send().await.expect(200);
    let _ = app.get("/health/ready").send().await.expect(503);

    proxy.restore();
    let begun = Instant::now();
    let registered = loop {
        let answer = app.post("/cars").by(&owner).json(&honda()).send().await;
        if answer.status == 201 {
            break answer.json();
        }
        unavailable(answer);
        assert!(begun.elapsed() < RECOVERY, "it does not recover");
    };
    let found = app.cars(&owner, "?sort=id").await;
    assert!(found.iter().any(|car| car["id"] == *before), "{found:?}");
    assert!(found.iter().any(|car| *car == registered["car"]), "{found:?}");
    app.settle().await;
    let _ = app.get("/health/ready").send().await.expect(200);
    app.finish().await;
}

/// Writers go on through the cuts, repeating what was not answered; nothing is lost or doubled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled() {
    let (app, proxy) = behind_a_proxy().await;
    let owner = app.owner();
    let insist = async |key: usize| {
        let begun = Instant::now();
        loop {
            let request = app.post("/cars").by(&owner).json(&honda());
            let answer = request.header("idempotency-key", &key.to_string()).send().await;
            if answer.status == 201 {
                return answer.json()["car"]["id"].as_str().unwrap().to_owned();
            }
            unavailable(answer);
            assert!(begun.elapsed() < RECOVERY, "it does not recover");
        }
    };
    let writer = async |first: usize| {
        let mut ids = vec![];
        for key in first..first + 10 {
            ids.push(insist(key).await);
        }
        ids
    };
    let cuts = async {
        for _ in 0..5 {
            proxy.cut();
            tokio::time::sleep(Duration::from_millis(50)).await;
            proxy.restore();
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        Vec::<String>::new()
    };
    let (a, b, c, _) = tokio::join!(writer(0), writer(100), writer(200), cuts);
    let mut told: Vec<String> = [a, b, c].concat();
    told.sort();
    app.settle().await;
    let found = app.cars(&owner, "?sort=id").await;
    let found: Vec<_> = found.iter().map(|car| car["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, told);
    assert_eq!(app.head().await, 4 * told.len() as u64);
    app.finish().await;
}
