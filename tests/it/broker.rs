//! The shipped binary on a broker that fails it in every way: the log has everything, so nothing is
//! lost, and what is wrong is said.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{
    Broker, Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use lapin::BasicProperties;
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;
use xtask::proxy::Proxy;

use crate::honda;

mod broken;

/// How soon another process takes over from one that was killed.
const TAKEN_OVER: Duration = Duration::from_secs(5);
/// Long enough for everything that happens at all.
const LIMIT: Duration = Duration::from_secs(40);
const SECRET: &str = "a secret that nobody may ever read";

/// Processes on one database and one broker. The first answers; if it is for commands alone, the
/// second one answers queries.
struct Deployment {
    processes: Vec<Process>,
    reader: usize,
    environment: Environment,
    token: String,
    client: Client,
    database: Database,
    folder: TempDir,
    broker: Broker,
}

impl Deployment {
    /// Each of these is the arguments of a process.
    async fn start(
        commands: &[&[&str]],
        adjust: impl FnOnce(Environment, &Broker) -> Environment,
    ) -> Self {
        let (database, broker) = (Database::create().await, Broker::place());
        let folder = tempfile::tempdir().unwrap();
        let client = Client::new();
        let environment = broker.settings(Environment::postgres(&database.url));
        let environment = environment.with("GROUNDWORK_HMAC_SECRET", SECRET);
        let environment = adjust(environment, &broker);
        let token = environment.run(&["ops", "tokens", "mint"]).unwrap().trim().to_owned();
        let mut processes = vec![];
        for (number, arguments) in commands.iter().enumerate() {
            let own = environment.clone().on_another_port();
            let output = folder.path().join(number.to_string());
            processes.push(Process::start_as(&own, &output, arguments));
        }
        for process in &mut processes {
            process.ready(&client).await;
        }
        let reader = usize::from(commands.first() == Some(&&["commands"][..]));
        Self { processes, reader, environment, token, client, database, folder, broker }
    }

    async fn one() -> Self {
        Self::start(&[&["serve"]], |environment, _| environment).await
    }

    fn ask(&self, process: &Process, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", process.url);
        Request::new(&self.client, method, &url).bearer(&self.token)
    }

    async fn register(&self) -> String {
        let request = self.ask(&self.processes[0], Method::POST, "/cars").json(&honda());
        let request = request.header("prefer", "respond-async");
        let answer = request.send().await.expect(201).json();
        answer["car"]["id"].as_str().unwrap().to_owned()
    }

    async fn cars(&self) -> Vec<Value> {
        let reader = &self.processes[self.reader];
        let answer = self.ask(reader, Method::GET, "/cars?limit=1000").send().await;
        answer.expect(200).json()["cars"].as_array().unwrap().clone()
    }

    /// The sum of a measure of a process.
    async fn measure(&self, process: &Process, name: &str) -> Option<f64> {
        let text = self.ask(process, Method::GET, "/metrics").send().await.expect(200).text();
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).reduce(|a, b| a + b)
    }

    /// Which process is the relay.
    async fn leader(&self) -> Option<usize> {
        for (at, process) in self.processes.iter().enumerate() {
            let leads = self.measure(process, "groundwork_relay_leads").await;
            if leads.is_some_and(|leads| leads > 0.5) {
                return Some(at);
            }
        }
        None
    }

    async fn until(&self, limit: Duration, what: &str, holds: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            let printed = || self.processes.iter().map(Process::printed).collect::<String>();
            assert!(begun.elapsed() < limit, "never: {what}: {}", printed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The greatest value of a measure in any process; 0 if there is none.
    async fn most(&self, name: &str) -> f64 {
        let mut most = 0.0_f64;
        for process in &self.processes {
            most = most.max(self.measure(process, name).await.unwrap_or_default());
        }
        most
    }

    /// Everything that the log says was published.
    async fn published(&self) {
        let none = async || {
            let head = self.most("groundwork_log_position").await;
            head > 0.5 && self.most("groundwork_relay_position").await >= head
        };
        self.until(LIMIT, "the backlog drains", none).await;
    }
}

/// The parts and the relay go to those who are left, both times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_and_relay_is_replaced_within_seconds() {
    let worker: &[&str] = &["worker"];
    let processes = [&["commands"], &["queries"], worker, worker, worker];
    // Nothing is delivered here.
    let nowhere = |environment: Environment, _: &Broker| {
        environment.with("GROUNDWORK_API_URL", "http://127.0.0.1:1")
    };
    let mut deployment = Deployment::start(&processes, nowhere).await;
    let mut ids = vec![];
    for _ in 0..5 {
        ids.push(deployment.register().await);
    }
    for _ in 0..2 {
        let led = async || deployment.leader().await.is_some();
        deployment.until(LIMIT, "somebody is the relay", led).await;
        let leader = deployment.leader().await.unwrap();
        deployment.processes.remove(leader).kill();
        let begun = Instant::now();
        // Nobody waits until it is shown, so that the time is that of taking over.
        for _ in 0..5 {
            ids.push(deployment.register().await);
        }
        let shown = async || deployment.cars().await.len() == ids.len();
        let left = || TAKEN_OVER.saturating_sub(begun.elapsed());
        deployment.until(left(), "what was written is shown", shown).await;
        let led = async || deployment.leader().await.is_some();
        deployment.until(left(), "another is the relay", led).await;
    }
    deployment.published().await;
    let shown = deployment.cars().await;
    let mut shown: Vec<_> =
        shown.iter().map(|car| car["id"].as_str().unwrap().to_owned()).collect();
    shown.sort();
    ids.sort();
    assert_eq!(shown, ids, "nothing is lost or doubled");
    deployment.environment.run(&["ops", "verify"]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_broker_it_goes_on_and_catches_up() {
    let proxy = Proxy::start(Broker::place().host()).unwrap();
    let through = proxy.address.to_string();
    let deployment = Deployment::start(&[&["serve"]], |environment, broker| {
        environment.with("AMQP_URL", &broker.url_at(&through))
    })
    .await;
    deployment.register().await;
    deployment.published().await;
    let behind = async || deployment.most("groundwork_relay_lag_positions").await;
    let told = async || deployment.most("groundwork_relay_published_total").await;
    let told_before = told().await;
    proxy.cut();
    for _ in 0..5 {
        deployment.register().await;
    }
    let shown = async || deployment.cars().await.len() == 6;
    deployment.until(LIMIT, "the log feeds the read models", shown).await;
    let head = deployment.most("groundwork_log_position").await;
    let missing = head - deployment.most("groundwork_relay_position").await;
    assert!(missing >= 5.0, "nobody takes them: {missing}");
    let grows = async || behind().await >= missing;
    deployment.until(LIMIT, "the lag tells of it", grows).await;
    assert!(deployment.leader().await.is_some(), "who waits for the broker is the relay");
    proxy.restore();
    deployment.register().await;
    deployment.published().await;
    let none = async || behind().await < 0.5;
    deployment.until(LIMIT, "there is no lag any more", none).await;
    assert!(told().await >= told_before + missing + 1.0, "they were published afterwards");
    let shown = async || deployment.cars().await.len() == 7;
    deployment.until(LIMIT, "everything is shown", shown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_whether_the_relay_is_held_lapsed_or_free() {
    let mut deployment = Deployment::one().await;
    let says = async |deployment: &Deployment, state: &str| {
        let said = async || {
            let status = deployment.environment.run(&["ops", "relay", "status"]).unwrap();
            status.lines().last().is_some_and(|line| line.starts_with(state))
        };
        deployment.until(LIMIT, state, said).await;
    };
    says(&deployment, "held").await;
    deployment.processes[0].kill();
    says(&deployment, "lapsed").await;
    deployment.processes[0].start_again();
    says(&deployment, "held").await;
    deployment.processes[0].terminate();
    assert!(tokio::task::block_in_place(|| deployment.processes[0].wait()).success());
    says(&deployment, "free").await;
}

/// A series that begins with what it is to tell of is no increase to who watches it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_alerts_are_about_is_measured_before_it_happens() {
    let deployment = Deployment::one().await;
    deployment.register().await;
    let manual = include_str!("../../docs/operations.md");
    let (_, alerts) = manual.split_once("\n## Alerts\n").unwrap();
    let (alerts, _) = alerts.split_once("\n## ").unwrap();
    let words = alerts.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
    let names: Vec<_> = words.filter(|word| word.starts_with("groundwork_")).collect();
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        let measured = async || deployment.measure(&deployment.processes[0], name).await.is_some();
        deployment.until(LIMIT, name, measured).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_that_somebody_deletes_come_back() {
    let deployment = Deployment::one().await;
    deployment.register().await;
    let all = deployment.broker.queues().await.unwrap().len();
    deployment.broker.delete_queues().await;
    deployment.register().await;
    let back = async || deployment.broker.queues().await.is_ok_and(|now| now.len() == all);
    deployment.until(LIMIT, "the queues are back", back).await;
    deployment.register().await;
    let shown = async || deployment.cars().await.len() == 3;
    deployment.until(LIMIT, "everything is shown", shown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisonous_event_is_parked_and_blocks_no_other_car() {
    let deployment = Deployment::one().await;
    let broken = deployment.register().await;
    let log = Log::Postgres(deployment.database.url.clone());
    log.forge(&broken, 5, "painted_red", "{}").await;
    deployment.register().await;
    let shown = async || deployment.cars().await.len() == 2;
    deployment.until(LIMIT, "the other car is shown", shown).await;
    let listed = async || {
        let listed = deployment.environment.run(&["ops", "deadletters", "list"]).unwrap();
        listed.contains("cars") && listed.contains(&broken)
    };
    deployment.until(LIMIT, "it is parked", listed).await;
    deployment.published().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_message_changes_nothing_and_is_counted() {
    let deployment = Deployment::one().await;
    let car = deployment.register().await;
    let shown = async || deployment.cars().await.len() == 1;
    deployment.until(LIMIT, "the car is shown", shown).await;
    let log = Log::Postgres(deployment.database.url.clone());
    let (cars, rows) = (deployment.cars().await, log.rows().await);
    let refused = async || {
        let all =
            deployment.measure(&deployment.processes[0], "groundwork_bus_refused_total").await;
        all.unwrap_or_default()
    };
    let before = refused().await;
    let forged = format!(r#"{{"aggregateId":"{car}","type":"deleted","isTombstone":true}}"#);
    for part in 0..2 {
        let key = format!("car.deleted.v1.q{part}");
        let properties = BasicProperties::default();
        let body = forged.as_bytes();
        deployment.broker.publish("domain_events", &key, properties, body).await;
    }
    deployment.until(LIMIT, "they are counted", async || refused().await >= before + 2.0).await;
    assert_eq!(deployment.cars().await, cars);
    // That they came is what happened, and nothing else.
    let audited = async || {
        let now = log.rows().await;
        let new: Vec<_> = now.iter().skip(rows.len()).collect();
        assert!(new.iter().all(|row| row.aggregate_type == "audit"), "{new:?}");
        new.len() == 4
    };
    deployment.until(LIMIT, "each is audited in each of two groups", audited).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_broker_is_said_and_requests_are_answered() {
    let host = Broker::place().host();
    for (url, sentence) in [
        (format!("amqp://guest:a-wrong-one@{host}/%2f"), "refuses the password of guest"),
        (Broker::place().url_of_vhost("nowhere"), "use the vhost nowhere"),
    ] {
        says(|environment, _| environment.with("AMQP_URL", &url), sentence).await;
    }
    let place = Broker::place();
    place.declare_otherwise("audits").await;
    says(|environment, _| place.settings(environment), "with other settings").await;
}

async fn says(adjust: impl FnOnce(Environment, &Broker) -> Environment, sentence: &str) {
    let deployment = Deployment::start(&[&["serve"]], adjust).await;
    deployment.register().await;
    let printed = async || deployment.processes[0].printed().contains(sentence);
    deployment.until(LIMIT, sentence, printed).await;
    let shown = async || deployment.cars().await.len() == 1;
    deployment.until(LIMIT, "what was written is shown", shown).await;
    let printed = deployment.processes[0].printed();
    assert!(!printed.contains("a-wrong-one") && !printed.contains("panicked"), "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_hold_no_secrets() {
    let deployment = Deployment::one().await;
    deployment.register().await;
    let listener = deployment.broker.listen().await;
    let request = deployment.ask(&deployment.processes[0], Method::POST, "/cars").json(&honda());
    let _ = request.header("idempotency-key", "the key of a client").send().await.expect(201);
    deployment.published().await;
    let messages = deployment.broker.read(&listener).await;
    assert!(messages.iter().any(|message| message.contains("Honda")), "{messages:?}");
    for message in &messages {
        for secret in [SECRET, &deployment.token, "the key of a client", "Bearer", "PRIVATE KEY"] {
            assert!(!message.contains(secret), "{secret}: {message}");
        }
    }
    let printed = std::fs::read_to_string(Path::new(deployment.folder.path()).join("0")).unwrap();
    assert!(!printed.contains(SECRET) && !printed.contains(&deployment.token), "{printed}");
}
