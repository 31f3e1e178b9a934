//! The drill of `docs/operations.md`: a backup of a running deployment is restored elsewhere, and what
//! was there at its time is there again, complete.

use std::{path::Path, process::Command};

use acceptance::{
    Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::honda;

/// A deployment, and somebody with a token of it.
struct Site {
    host: Process,
    environment: Environment,
    client: Client,
    token: String,
}

impl Site {
    async fn start(environment: Environment, output: &Path) -> Self {
        let client = Client::new();
        let mut host = Process::start(&environment, output);
        host.ready(&client).await;
        let token = environment.run(&["ops", "tokens", "mint"]).unwrap().trim().to_owned();
        Self { host, environment, client, token }
    }

    async fn register(&self, count: usize) {
        for _ in 0..count {
            let url = format!("{}/cars", self.host.url);
            let request = Request::new(&self.client, Method::POST, &url).bearer(&self.token);
            let _ = request.json(&honda()).send().await.expect(201);
        }
    }

    async fn cars(&self) -> Value {
        let url = format!("{}/cars?sort=id", self.host.url);
        let request = Request::new(&self.client, Method::GET, &url).bearer(&self.token);
        request.send().await.expect(200).json()
    }
}

/// Restores in `other` what `backup` made of `site`, while that goes on.
async fn drill(site: Site, backup: impl AsyncFnOnce(), restore: impl AsyncFnOnce() -> Environment) {
    site.register(3).await;
    let before = site.cars().await;
    backup().await;
    site.register(2).await;
    assert_eq!(site.cars().await["metadata"]["total"], 5);

    let folder = tempfile::tempdir().unwrap();
    let restored = Site::start(restore().await, &folder.path().join("restored")).await;
    // The keys came along: who had a token before goes on with it.
    let restored = Site { token: site.token.clone(), ..restored };
    let verified = restored.environment.run(&["ops", "verify"]).unwrap();
    assert!(verified.contains("keeps its rules"), "{verified}");
    assert_eq!(restored.cars().await, before);
    // It is no museum.
    restored.register(1).await;
    assert_eq!(restored.cars().await["metadata"]["total"], 4);
    assert_eq!(site.cars().await["metadata"]["total"], 5, "the other one did not notice");
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("this test needs {program} of the package postgresql-client: {error}")
    });
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_a_running_postgresql_is_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Database::create().await, Database::create().await);
    let site = Site::start(Environment::postgres(&first.url), &folder.path().join("first")).await;
    let file = folder.path().join("backup.dump").display().to_string();
    let backup = async || run("pg_dump", &["--format=custom", "--file", &file, &first.url]);
    let restore = async || {
        run("pg_restore", &["--exit-on-error", "--no-owner", "--dbname", &second.url, &file]);
        Environment::postgres(&second.url)
    };
    drill(site, backup, restore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_files_of_a_running_host_is_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let site = Site::start(Environment::embedded(&data), &folder.path().join("first")).await;
    let backup = async || {
        std::fs::create_dir(&other).unwrap();
        // Read models are made from the log.
        for name in ["log.db", "keys.db"] {
            let statement = format!("VACUUM INTO '{}'", other.join(name).display());
            Log::Sqlite(data.join(name)).try_execute(&statement).await.unwrap();
        }
    };
    drill(site, backup, async || Environment::embedded(&other)).await;
}
