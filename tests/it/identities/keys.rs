//! Signing keys that take turns, on hosts that run.

use std::time::{Duration, Instant};

use acceptance::{
    Request,
    binary::{Environment, Process},
};
use reqwest::{Client, Method};

const LOOKED: Duration = Duration::from_mins(1);

fn kid(token: &str) -> &str {
    token.trim().split('.').next().unwrap_or_default()
}

/// An operator rotates while a host runs; tokens of both keys are good there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_runs_takes_tokens_of_the_next_key_and_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let environment =
        Environment::embedded(folder.path()).with("GROUNDWORK_SIGNING_KEY_WAIT_SECONDS", "0");
    let client = Client::new();
    let mut host = Process::start(&environment, &folder.path().join("output"));
    host.ready(&client).await;
    let mint = || environment.run(&["ops", "tokens", "mint"]).unwrap();
    let old = mint();
    assert_eq!(environment.run(&["ops", "keys", "list"]).unwrap().lines().count(), 1);
    let rotated = environment.run(&["ops", "keys", "rotate"]).unwrap();
    assert!(rotated.starts_with('2'), "{rotated}");
    let new = mint();
    assert_ne!(kid(&old), kid(&new));
    let listed = environment.run(&["ops", "keys", "list"]).unwrap();
    let lines: Vec<_> = listed.lines().collect();
    assert!(lines[0].contains("verifies until") && lines[1].ends_with("signs"), "{listed}");
    let status = async |token: &str| {
        let request = Request::new(&client, Method::GET, &format!("{}/cars", host.url));
        request.bearer(token.trim()).send().await.status.as_u16()
    };
    let begun = Instant::now();
    while status(&new).await != 200 {
        assert!(begun.elapsed() < LOOKED, "the host does not get to know the key");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status(&old).await, 200);
}
