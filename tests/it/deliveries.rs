//! The shipped binary delivers queued work by itself, through kills, and tells operators of it.

use std::time::Duration;

use acceptance::{
    Broker, Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};

const REFUSED: &str = "HMACAuthentication.Failed.InvalidSignature";

/// A host of its own, and the log that it writes.
struct Deployment {
    environment: Environment,
    log: Log,
    process: Process,
    client: Client,
    operator: String,
}

impl Deployment {
    async fn start(environment: Environment, log: Log, folder: &std::path::Path) -> Self {
        let client = Client::new();
        let mint = ["ops", "tokens", "mint", "--platform-role", "platform_operations"];
        let operator = environment.run(&mint).unwrap().trim().to_owned();
        let mut process = Process::start(&environment, &folder.join("output"));
        process.ready(&client).await;
        Self { environment, log, process, client, operator }
    }

    async fn forge(&self) {
        let url = format!("{}/audits/deliver", self.process.url);
        let request = Request::new(&self.client, Method::POST, &url);
        let _ = request.header("X-HMAC-Signature", "sha256=no").send().await.problem(401);
    }

    async fn audits(&self) -> Vec<String> {
        let url = format!("{}/audits", self.process.url);
        let answer = Request::new(&self.client, Method::GET, &url).bearer(&self.operator);
        let answer = answer.send().await.expect(200).json();
        let audits = answer["audits"].as_array().unwrap();
        audits.iter().map(|audit| audit["auditCode"].as_str().unwrap().to_owned()).collect()
    }

    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let wait = tokio::time::timeout(Duration::from_secs(30), async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(wait.await.is_ok(), "never: {what}: {}", self.process.printed());
    }

    fn work(&self, arguments: &[&str]) -> Result<String, String> {
        self.environment.run(&[&["ops", "work"], arguments].concat())
    }

    /// What was being delivered when a process was killed comes again after 30 seconds, which this
    /// makes an end of.
    async fn give_back(&self) {
        let statement = "UPDATE work_messages SET due_at = NULL WHERE queue = 'audits'";
        self.log.try_execute(statement).await.unwrap();
    }

    /// Puts a message that was tried four times already where the worker finds it.
    async fn enqueue_hopeless(&self, id: &str) {
        let statement = format!(
            "INSERT INTO work_messages (id, queue, body, enqueued_at, tries) \
             VALUES ('{id}', 'audits', '{{\"MessageTemplate\":\"a secret\"}}', \
             '2026-01-01T00:00:00.000000Z', 4)"
        );
        self.log.try_execute(&statement).await.unwrap();
    }
}

async fn delivers(deployment: &mut Deployment) {
    deployment.forge().await;
    deployment
        .until("the audit is delivered", async || deployment.audits().await == [REFUSED])
        .await;
    for _ in 0..3 {
        deployment.forge().await;
        deployment.process.kill();
        deployment.process.start_again();
        deployment.process.ready(&deployment.client).await;
    }
    deployment.give_back().await;
    let arrived = async || deployment.audits().await.len() == 4;
    deployment.until("audits of killed processes are delivered", arrived).await;
    let is_empty = async || deployment.work(&["status"]).unwrap().contains("audits  0 waiting");
    deployment.until("nothing is left to deliver", is_empty).await;
    assert_eq!(deployment.audits().await, [REFUSED; 4], "none is delivered twice");
}

async fn tells_operators(deployment: &Deployment) {
    let id = "audits_00000000000000000000000000000001";
    deployment.enqueue_hopeless(id).await;
    let is_set_aside = async || deployment.work(&["list"]).unwrap().contains(id);
    deployment.until("it is set aside", &is_set_aside).await;
    let listed = deployment.work(&["list", "--queue", "audits"]).unwrap();
    assert!(listed.contains("400") && listed.contains("AuditCode"), "{listed}");
    assert_eq!(deployment.work(&["list", "--queue", "emails"]).unwrap(), "");
    assert!(deployment.work(&["status"]).unwrap().contains("1 set aside"));
    let printed = deployment.process.printed();
    assert!(printed.contains(id) && !printed.contains("a secret"), "{printed}");
    assert!(deployment.work(&["list", "--queue", "nothing"]).is_err());
    deployment.work(&["revive", "audits", id]).unwrap();
    assert!(deployment.work(&["discard", "audits", id]).is_err(), "it is not set aside now");
    let metrics = format!("{}/metrics", deployment.process.url);
    let metrics = Request::new(&deployment.client, Method::GET, &metrics).send().await.text();
    for name in ["groundwork_work_waiting{queue=\"audits\"}", "groundwork_work_failed_total"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
}

async fn stops(mut deployment: Deployment) {
    deployment.process.terminate();
    let ended = tokio::task::spawn_blocking(move || deployment.process.wait()).await.unwrap();
    assert!(ended.success(), "{ended}");
}

async fn works(environment: Environment, log: Log, folder: &std::path::Path) {
    let mut deployment = Deployment::start(environment, log, folder).await;
    delivers(&mut deployment).await;
    tells_operators(&deployment).await;
    stops(deployment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_work_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    works(Environment::embedded(&data), Log::in_folder(&data), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_work_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create().await;
    let log = Log::Postgres(database.url.clone());
    works(Environment::postgres(&database.url), log, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_rabbitmq_work_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let (database, broker) = (Database::create().await, Broker::place());
    let log = Log::Postgres(database.url.clone());
    let environment = broker.settings(Environment::postgres(&database.url));
    works(environment, log, folder.path()).await;
}
