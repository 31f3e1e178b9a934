//! Probes and measures tell the truth.

use acceptance::{
    Deployment, Request, TestApp,
    binary::{Environment, Process},
    events::Log,
    on_every_deployment,
};
use reqwest::{Client, Method};

use crate::honda;

on_every_deployment!(a_fresh_host_is_alive_and_ready);

async fn a_fresh_host_is_alive_and_ready(app: &TestApp) {
    let answer = app.get("/health").send().await.expect(200);
    assert_eq!(answer.text(), r#"{"name":"ApiHost1","status":"OK"}"#);
    let _ = app.get("/health/live").send().await.expect(200);
    let ready = app.get("/health/ready").send().await.expect(200).json();
    let parts = ready["parts"].as_array().unwrap();
    let expected = match app.deployment {
        Deployment::Sqlite | Deployment::Postgres => ["event_log", "projection cars"],
        // A gateway needs one host of each side.
        Deployment::Split | Deployment::Brokered => ["commands", "queries"],
    };
    for name in expected {
        assert!(parts.iter().any(|part| part["name"] == name), "{ready}");
    }
}

/// Metrics belong to a process, so the shipped binary is asked.
#[tokio::test]
async fn requests_lag_and_dead_letters_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::embedded(&folder.path().join("data"));
    let client = Client::new();
    let mut process = Process::start(&environment, &folder.path().join("output"));
    process.ready(&client).await;
    let token = environment.run(&["ops", "tokens", "mint"]).unwrap();
    let ask = |method: Method, path: &str| {
        Request::new(&client, method, &format!("{}{path}", process.url)).bearer(token.trim())
    };
    let car = ask(Method::POST, "/cars").json(&honda()).send().await.expect(201).json();
    let id = car["car"]["id"].as_str().unwrap();
    let _ = ask(Method::GET, &format!("/cars/{id}")).send().await.expect(200);
    let _ = ask(Method::GET, "/nothing/like/this").send().await.expect(404);
    let metrics = ask(Method::GET, "/metrics").send().await.expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"), "{metrics}");
    let text = metrics.text();
    assert!(text.contains("/cars/{id}"), "by route, not by path: {text}");
    assert!(!text.contains(id) && !text.contains("/nothing/like/this"), "{text}");
    assert!(text.contains("lag"), "{text}");
    assert!(!some_letters(&text), "{text}");

    let log = Log::in_folder(&folder.path().join("data"));
    log.forge(id, 5, "painted_red", "{}").await;
    // Makes the host look at the log again.
    let _ = ask(Method::POST, "/cars").json(&honda()).send().await.expect(201);
    let seen = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while !some_letters(&ask(Method::GET, "/metrics").send().await.text()) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    assert!(seen.await.is_ok(), "no metric tells of the dead letter");
}

fn some_letters(metrics: &str) -> bool {
    let mut values = metrics.lines().filter(|line| !line.starts_with('#'));
    values.any(|line| line.contains("dead_letters") && !line.ends_with(" 0"))
}
