//! The binary that is shipped: what it lacks, what it refuses, and that the README is true.

use std::{fs, path::Path, time::Duration};

use acceptance::{
    Request,
    binary::{self, Environment, Process},
};
use reqwest::{Client, Method};

/// Endpoints of testing builds must not be there at all, not only be switched off.
#[test]
fn it_contains_nothing_of_testing_builds() {
    let bytes = fs::read(binary::path()).unwrap().to_ascii_lowercase();
    let text = String::from_utf8_lossy(&bytes);
    let has = |part: &str| text.contains(part);
    assert!(has("/cars/available"), "the search itself is broken");
    for text in [
        "testingonly",
        "testing_only",
        "/unavailabilities",
        "/repositories/destroy",
        "/event_notifications/drain",
        "/audits/drain",
        "/emails/drain",
        "/emails/delivered",
        "/usages/drain",
    ] {
        // Not `log_reset`: a log that a testing build has emptied stays readable.
        assert!(!has(text), "the shipped binary contains '{text}'");
    }
}

#[tokio::test]
async fn it_does_not_answer_what_testing_builds_do() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new();
    let process = serve(folder.path(), &client).await;
    for (method, path) in [
        (Method::POST, "/testingonly/repositories/destroy"),
        (Method::PUT, "/testingonly/clock"),
        (Method::GET, "/testingonly/authz/none/get"),
        (Method::POST, "/event_notifications/drain"),
        (Method::POST, "/audits/drain"),
        (Method::POST, "/emails/drain"),
        (Method::POST, "/emails/delivered"),
        (Method::POST, "/usages/drain"),
        (Method::GET, "/cars/car_0123456789abcdef/unavailabilities"),
    ] {
        let url = format!("{}{path}", process.url);
        let _ = Request::new(&client, method, &url).send().await.problem(404);
    }
}

/// The scheduling policies of a process's threads whose names begin like this, as in sched.h.
#[cfg(target_os = "linux")]
fn policies(process: &Process, name: &str) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    let stats = threads.filter_map(|one| fs::read_to_string(one.ok()?.path().join("stat")).ok());
    let of_that_name = stats.filter_map(|stat| {
        let (head, rest) = stat.rsplit_once(") ")?;
        let is_it = head.split_once('(')?.1.starts_with(name);
        // The 41st field of all; the rest begins with the third.
        is_it.then(|| rest.split(' ').nth(38).map(str::to_owned)).flatten()
    });
    of_that_name.collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_threads_that_serve_requests_interrupt_hashes() {
    const OTHER: &str = "0";
    const BATCH: &str = "3";
    let folder = tempfile::tempdir().unwrap();
    let process = serve(folder.path(), &Client::new()).await;
    let servers = policies(&process, "actix-server wo");
    assert!(!servers.is_empty() && servers.iter().all(|policy| policy == OTHER), "{servers:?}");
    let writers = policies(&process, "sqlx-sqlite");
    assert!(writers.iter().any(|policy| policy == BATCH), "{writers:?}");
}

#[tokio::test]
async fn a_second_process_refuses_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new();
    let first = serve(folder.path(), &client).await;
    let refusal = Environment::embedded(&folder.path().join("data")).run(&["serve"]).unwrap_err();
    assert!(refusal.contains("already"), "{refusal}");
    assert!(refusal.contains(&folder.path().join("data").display().to_string()), "{refusal}");
    // The first one does not mind, and its end frees the folder even if it is a crash.
    let _ = Request::new(&client, Method::GET, &format!("{}/health", first.url)).send().await;
    drop(first);
    serve(folder.path(), &client).await;
}

#[test]
fn production_refuses_secrets_that_everybody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let production = Environment::embedded(folder.path()).with("GROUNDWORK_MODE", "production");
    let refusal = production.run(&["serve"]).unwrap_err();
    for name in [
        "GROUNDWORK_MASTER_KEY",
        "GROUNDWORK_HMAC_SECRET",
        "GROUNDWORK_INTER_HOST_SECRET",
        "GROUNDWORK_BASE_URL",
        "GROUNDWORK_WEBSITE_URL",
    ] {
        assert!(refusal.contains(name), "{refusal}");
    }
    let refusal = production
        .with("GROUNDWORK_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        .with("GROUNDWORK_HMAC_SECRET", "a secret of our own, long enough")
        .with("GROUNDWORK_INTER_HOST_SECRET", "asecret")
        .run(&["serve"])
        .unwrap_err();
    assert!(refusal.contains("GROUNDWORK_INTER_HOST_SECRET"), "{refusal}");
    assert!(!refusal.contains("asecret"), "secrets are not shown: {refusal}");
}

#[test]
fn a_broker_without_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = Environment::embedded(folder.path())
        .with("AMQP_URL", "amqp://127.0.0.1:1")
        .run(&["serve"])
        .unwrap_err();
    assert!(refusal.contains("AMQP_URL"), "{refusal}");
}

/// What the README tells a newcomer to type works as it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quick_start_of_the_readme_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    // Each part goes on in the shell of the one before.
    let parts = readme.split("<!-- quick start -->\n```sh\n").skip(1);
    let script: String = parts.map(|rest| rest.split_once("```").unwrap().0).collect();
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new();
    let process = serve(folder.path(), &client).await;
    // The same lines, against a host and a binary of the test's own.
    let data = folder.path().join("data");
    let script = script
        .replace("http://127.0.0.1:5001", &process.url)
        .replace("cargo run --quiet --", &binary::path().display().to_string());
    let output = Environment::embedded(&data).script(&script).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{printed}\n{errors}");
    for shown in [
        "\"emailAddress\":\"ann@example.com\"",
        "\"name\":\"Ann Miller\"",
        "\"ownership\":\"personal\"",
        "\"status\":\"activated\"",
        "\"status\":\"Registered\"",
        "\"total\":1",
        "\n204\n",
        "\"name\":\"Acme\"",
        "\"hasCredentials\":true",
        "\"model\":\"Surf\"",
        "\"classification\":\"machine\"",
        "\"total\":3",
    ] {
        assert!(printed.contains(shown), "{shown} is missing: {printed}");
    }
    assert_eq!(printed.matches("\"isAuthenticated\":true").count(), 2, "{printed}");
    assert!(!printed.contains("\"title\""), "a problem: {printed}");
}

/// So do its lines for production, here without a database server.
#[tokio::test]
async fn the_production_lines_of_the_readme_start_a_host() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let first = "    export GROUNDWORK_MODE=production";
    let (_, rest) = readme.split_once(first).unwrap();
    let (lines, _) = rest.split_once("\n\n").unwrap();
    let script = format!("{first}{lines}")
        .replace(" DATABASE_URL=postgres://…", "")
        .replace("    groundwork serve", "exec \"$0\" serve")
        .replace("    groundwork ", "\"$0\" ");
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::embedded(&folder.path().join("data"));
    let output = folder.path().join("output");
    let mut process = Process::start_through(&environment, &output, &script);
    process.ready(&Client::new()).await;
}

/// So does what the host itself tells to try.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_that_it_prints_work_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let process = serve(folder.path(), &Client::new()).await;
    let welcome = process.printed();
    let (_, rest) = welcome.split_once("in another shell:\n").unwrap();
    let (script, _) = rest.split_once("Ctrl-C").unwrap();
    let output = Environment::embedded(folder.path()).script(script).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("\"isAuthenticated\":true"), "{printed}");
    let (_, rest) = printed.split_once("\"car\":{\"id\":\"").unwrap();
    let car = rest.split('"').next().unwrap();
    assert_eq!(printed.matches(car).count(), 2, "registered and listed: {printed}");
    assert!(!printed.contains("\"title\""), "a problem: {printed}");
}

async fn serve(folder: &Path, client: &Client) -> Process {
    let environment = Environment::embedded(&folder.join("data"));
    let mut process = Process::start(&environment, &folder.join("output"));
    let ready = tokio::time::timeout(Duration::from_mins(1), process.ready(client));
    ready.await.unwrap();
    process
}
