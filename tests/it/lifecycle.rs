//! Starting and stopping the shipped binary, also when the disk does not help.

use std::{path::Path, time::Duration};

use acceptance::{
    Answer, Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};

use crate::honda;

/// What was begun is finished, and the process ends well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_host_finishes_what_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::embedded(&folder.path().join("data"));
    let client = Client::new();
    let process = started(&environment, folder.path(), &client).await;
    let token = mint(&environment);
    let writer = async || {
        let mut told = 0;
        loop {
            let url = format!("{}/cars", process.url);
            let request = Request::new(&client, Method::POST, &url).bearer(&token).json(&honda());
            match request.try_send().await {
                Ok(answer) if answer.status == 201 => told += 1,
                Ok(answer) => assert_eq!(answer.status, 503, "{answer}"),
                // It no longer listens.
                Err(_) => return told,
            }
            if told == 5 {
                process.terminate();
            }
        }
    };
    let told = tokio::join!(writer(), writer(), writer(), writer());
    let told = told.0 + told.1 + told.2 + told.3;
    let mut process = process;
    let status = tokio::task::block_in_place(|| process.wait());
    assert!(status.success(), "{status}: {}", process.printed());
    let rows = Log::in_folder(&folder.path().join("data")).rows().await;
    assert!(rows.len() >= told * 4, "{} rows, {told} acknowledged", rows.len());
    assert!(rows.len() <= (told + 4) * 4, "{} rows, {told} acknowledged", rows.len());
}

#[tokio::test]
async fn data_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create().await;
    for environment in
        [Environment::embedded(&folder.path().join("data")), Environment::postgres(&database.url)]
    {
        let client = Client::new();
        let mut process = started(&environment, folder.path(), &client).await;
        let token = mint(&environment);
        let url = format!("{}/cars", process.url);
        let register = Request::new(&client, Method::POST, &url).bearer(&token).json(&honda());
        let car = register.send().await.expect(201).json();
        process.kill();
        process.start_again();
        process.ready(&client).await;
        // The signing keys are kept, too: the token is still good.
        let list = Request::new(&client, Method::GET, &url).bearer(&token).send().await;
        assert_eq!(list.expect(200).json()["cars"][0], car["car"]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let refusal = Environment::embedded(Path::new("/proc/groundwork")).run(&["serve"]).unwrap_err();
    assert!(refusal.contains("/proc/groundwork"), "{refusal}");
    assert!(!refusal.contains("panicked"), "{refusal}");
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let environment = Environment::postgres("postgres://me:very-secret@127.0.0.1:1/x");
    let refusal = environment.run(&["serve"]).unwrap_err();
    assert!(!refusal.contains("very-secret"), "{refusal}");
    assert!(!refusal.contains("panicked"), "{refusal}");
}

/// The size that files may have stands in for the size of the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_clear_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let environment = Environment::embedded(&data);
    let client = Client::new();
    drop(started(&environment, folder.path(), &client).await);
    let token = mint(&environment);
    // In blocks of 1024 bytes; the signal is ignored so that writing fails instead.
    let full = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" serve";
    let mut process = Process::start_through(&environment, &folder.path().join("output"), full);
    process.ready(&client).await;
    let url = format!("{}/cars", process.url);
    let register = || {
        let request = Request::new(&client, Method::POST, &url).bearer(&token);
        // Read models may be full before the log is; nobody shall wait for them.
        request.header("prefer", "respond-async").json(&honda())
    };
    let mut told = 0;
    let refusal = tokio::time::timeout(Duration::from_mins(1), async {
        loop {
            let answer = register().send().await;
            if answer.status != 201 {
                return answer;
            }
            told += 1;
        }
    });
    let refusal = refusal.await.unwrap();
    let problem = refusal.problem(503);
    assert!(!problem["detail"].as_str().unwrap().contains("/data"), "{problem}");
    // It stays up, and still answers what it can.
    let list = || Request::new(&client, Method::GET, &format!("{url}?limit=1")).bearer(&token);
    let total = |answer: Answer| answer.json()["metadata"]["total"].as_u64().unwrap();
    assert!(total(list().send().await.expect(200)) <= told);
    // With space again, it goes on.
    process.kill();
    let mut process = started(&environment, folder.path(), &client).await;
    let registered = register().send().await.expect(201);
    let caught_up = list().header("consistency-token", registered.header("consistency-token"));
    assert_eq!(total(caught_up.send().await.expect(200)), told + 1);
    process.kill();
    let rows = Log::in_folder(&data).rows().await;
    assert_eq!(rows.len() as u64, (told + 1) * 4);
}

async fn started(environment: &Environment, folder: &Path, client: &Client) -> Process {
    let mut process = Process::start(environment, &folder.join("output"));
    process.ready(client).await;
    process
}

fn mint(environment: &Environment) -> String {
    environment.run(&["ops", "tokens", "mint"]).unwrap().trim().to_owned()
}
