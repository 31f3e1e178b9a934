//! The shipped binary as separate processes.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{
    Answer, Broker, Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};

use crate::honda;

/// One process of each kind, and a second one for commands.
struct Split {
    commands: [Process; 2],
    queries: Process,
    worker: Process,
    gateway: Process,
    token: String,
    client: Client,
}

impl Split {
    async fn start(database: &Database, folder: &Path) -> Self {
        let start = |kind: &str, environment: &Environment| {
            Process::start_as(environment, &folder.join(kind), &[kind])
        };
        let host = |kind: &str| {
            let environment = Environment::postgres(&database.url);
            start(kind, &environment.with("GROUNDWORK_HTTP_TRUST_PROXY", "true"))
        };
        let (commands, queries) = ([host("commands"), host("commands")], host("queries"));
        let worker = {
            let environment = Environment::postgres(&database.url);
            start("worker", &environment.with("GROUNDWORK_API_URL", &commands[0].url))
        };
        let behind = Environment::on_free_port()
            // It keeps nothing, so it needs no secrets in production either.
            .with("GROUNDWORK_MODE", "production")
            .with(
                "GROUNDWORK_GATEWAY_COMMANDS",
                &commands.each_ref().map(|one| &*one.url).join(","),
            )
            .with("GROUNDWORK_GATEWAY_QUERIES", &queries.url);
        let gateway = start("gateway", &behind);
        let client = Client::new();
        let environment = Environment::postgres(&database.url);
        let minted = environment.run(&["ops", "tokens", "mint"]).unwrap();
        let token = minted.trim().to_owned();
        let mut split = Self { commands, queries, worker, gateway, token, client: client.clone() };
        for process in split.all() {
            process.ready(&client).await;
        }
        split
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Process> {
        let hosts = [&mut self.queries, &mut self.worker];
        std::iter::once(&mut self.gateway).chain(&mut self.commands).chain(hosts)
    }

    fn ask(&self, process: &Process, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", process.url);
        Request::new(&self.client, method, &url).bearer(&self.token)
    }

    async fn register(&self, process: &Process) -> Answer {
        self.ask(process, Method::POST, "/cars").json(&honda()).send().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_work_and_end_well() {
    let (database, folder) = (Database::create().await, tempfile::tempdir().unwrap());
    let mut split = Split::start(&database, folder.path()).await;
    for _ in 0..4 {
        let _ = split.register(&split.gateway).await.expect(201);
    }
    let list = async |process| split.ask(process, Method::GET, "/cars").send().await;
    assert_eq!(list(&split.gateway).await.expect(200).json()["metadata"]["total"], 4);
    assert_eq!(list(&split.queries).await.expect(200).json()["metadata"]["total"], 4);

    let elsewhere = |answer: Answer, kind: &str| {
        let problem = answer.problem(421);
        assert_eq!(problem["code"], "misdirected_request");
        assert!(problem["detail"].as_str().unwrap().contains(kind), "{problem}");
    };
    elsewhere(split.register(&split.queries).await, "`commands`");
    elsewhere(split.register(&split.worker).await, "`commands`");
    for process in [&split.commands[0], &split.commands[1], &split.worker] {
        elsewhere(list(process).await, "`queries`");
        for page in ["/", "/index.html", "/swagger/v1/swagger.json", "/swagger-ui/setup.js"] {
            elsewhere(split.ask(process, Method::GET, page).send().await, "`queries`");
        }
    }
    for process in [&split.queries, &split.worker, &split.commands[0], &split.gateway] {
        for page in ["/health", "/health/live", "/health/ready", "/metrics"] {
            let _ = split.ask(process, Method::GET, page).send().await.expect(200);
        }
        // All know all routes.
        let _ = split.ask(process, Method::GET, "/nothing").send().await.problem(404);
        let wrong = split.ask(process, Method::DELETE, "/cars").send().await;
        assert_eq!(wrong.header("allow"), "POST, GET, HEAD");
        let _ = wrong.problem(405);
        let options = split.ask(process, Method::OPTIONS, "/cars").send().await.expect(204);
        assert_eq!(options.header("allow"), "POST, GET, HEAD");
    }
    let ready = async |process| {
        let answer = split.ask(process, Method::GET, "/health/ready").send().await;
        let parts = answer.expect(200).json()["parts"].as_array().unwrap().clone();
        parts.iter().map(|part| part["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ready(&split.commands[0]).await, ["event_log"]);
    let names = projections::ALL.iter().map(|it| format!("projection {}", it.name));
    let parts: Vec<_> = std::iter::once("event_log".to_owned()).chain(names).collect();
    assert_eq!(ready(&split.queries).await, parts);
    assert_eq!(ready(&split.worker).await, parts);
    assert_eq!(ready(&split.gateway).await, ["commands", "queries"]);

    for process in split.all() {
        process.terminate();
        let status = tokio::task::block_in_place(|| process.wait());
        assert!(status.success(), "{status}: {}", process.printed());
    }
}

/// Whoever replaces hosts one by one interrupts nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_of_two_can_go_and_nothing_acknowledged_is_lost() {
    let (database, folder) = (Database::create().await, tempfile::tempdir().unwrap());
    let split = Split::start(&database, folder.path()).await;
    let mut told = 0;
    for round in 0..60 {
        match round {
            20 => split.commands[0].terminate(),
            40 => split.worker.terminate(),
            _ => {}
        }
        let request = split.ask(&split.gateway, Method::POST, "/cars").json(&honda());
        // Nobody feeds the read models in the end.
        let answer = request.header("prefer", "respond-async").send().await;
        if answer.status == 201 {
            told += 1;
        } else {
            // At most the one that was under way on a connection that the host closed.
            let _ = answer.problem(502);
        }
    }
    assert!(told >= 59, "{told}");
    // What nobody projects any more is in the log, and shown when somebody does again.
    let _second = {
        let environment = Environment::postgres(&database.url);
        let projectors = ["worker", "--roles", "projectors"];
        let mut worker =
            Process::start_as(&environment, &folder.path().join("second"), &projectors);
        worker.ready(&split.client).await;
        worker
    };
    let list = split.ask(&split.gateway, Method::GET, "/cars").send().await.expect(200);
    let total = list.json()["metadata"]["total"].as_u64().unwrap();
    assert!((told..=60).contains(&total), "{told} {total}");
}

#[test]
fn what_can_not_run_alone_says_so_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Environment::embedded(folder.path());
    for arguments in
        [&["commands"][..], &["queries"], &["worker"], &["worker", "--roles", "projectors"]]
    {
        let refusal = embedded.run(arguments).unwrap_err();
        assert!(refusal.contains("DATABASE_URL is missing"), "{refusal}");
        assert_eq!(refusal.trim().lines().count(), 2, "the command, and a sentence: {refusal}");
    }
    let server = embedded.clone().with("DATABASE_URL", "postgres://postgres@127.0.0.1/nowhere");
    for arguments in [&["worker"][..], &["worker", "--roles", "queues"]] {
        let refusal = server.run(arguments).unwrap_err();
        assert!(refusal.contains("GROUNDWORK_API_URL is missing"), "{refusal}");
        assert_eq!(refusal.trim().lines().count(), 2, "the command, and a sentence: {refusal}");
    }
    let refusal = embedded.run(&["worker", "--roles", "projectors,cooks"]).unwrap_err();
    assert!(refusal.contains("'cooks'") && refusal.contains("projectors"), "{refusal}");
    let refusal = embedded.run(&["gateway"]).unwrap_err();
    for name in ["GROUNDWORK_GATEWAY_COMMANDS", "GROUNDWORK_GATEWAY_QUERIES"] {
        assert!(refusal.contains(name), "{refusal}");
    }
    let refusal = embedded
        .clone()
        .with("GROUNDWORK_GATEWAY_COMMANDS", "http://127.0.0.1:1/path")
        .with("GROUNDWORK_GATEWAY_QUERIES", "127.0.0.1:1")
        .run(&["gateway"])
        .unwrap_err();
    assert!(refusal.contains("/path") && refusal.contains("'127.0.0.1:1'"), "{refusal}");
}

/// What the README says of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_starts_a_split_set_and_stops_it() {
    the_script_works(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_starts_a_split_set_on_a_broker() {
    let broker = Broker::place();
    the_script_works(Some(&broker)).await;
    assert!(!broker.queues().await.unwrap().is_empty(), "it was used");
}

/// Of all settings, it gets those that are named here.
async fn the_script_works(broker: Option<&Broker>) {
    let (database, folder) = (Database::create().await, tempfile::tempdir().unwrap());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let first = xtask::port::free_port().unwrap();
    let environment = Environment::postgres(&database.url);
    let environment = environment.with("GROUNDWORK_HTTP_ADDRESSES", &format!("127.0.0.1:{first}"));
    let environment = match broker {
        Some(broker) => broker.settings(environment),
        None => environment,
    };
    let line =
        format!(r#"BINARY="$0" FIRST_PORT={first} exec {}/scripts/split.sh"#, root.display());
    let mut script = Process::start_through(&environment, &folder.path().join("output"), &line);
    let begun = Instant::now();
    while !script.printed().contains("The API is at") {
        assert!(begun.elapsed() < Duration::from_mins(1), "{}", script.printed());
        script.alive().unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let client = Client::new();
    let url = format!("{}/health/ready", script.url);
    let _ = Request::new(&client, Method::GET, &url).send().await.expect(200);
    // What is queued is delivered: here, that somebody had no signature.
    let url = format!("{}/audits/deliver", script.url);
    let forged = Request::new(&client, Method::POST, &url).header("X-HMAC-Signature", "sha256=no");
    let _ = forged.body("application/json", "{}").send().await.problem(401);
    let log = Log::Postgres(database.url.clone());
    let begun = Instant::now();
    while !log.rows().await.iter().any(|row| row.aggregate_type == "audit") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", script.printed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    script.terminate();
    let status = tokio::task::block_in_place(|| script.wait());
    assert!(status.success(), "{status}: {}", script.printed());
    for port in [first, first + 10, first + 11, first + 12] {
        let bound = std::net::TcpListener::bind(("127.0.0.1", port));
        assert!(bound.is_ok(), "somebody is left at {port}: {}", script.printed());
    }
}
