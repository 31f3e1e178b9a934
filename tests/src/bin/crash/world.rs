//! The product, what it keeps its data in, and the clients that change it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use acceptance::{
    Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};
use tempfile::TempDir;
use tokio::task::JoinSet;
use xtask::cluster::{Cluster, Durability};

use crate::{
    judge::judge,
    random::Random,
    writer::{Known, Writer},
};

const WRITERS: u64 = 8;
/// Milliseconds from the first request of a round to the kill.
const KILL_AFTER: (u64, u64) = (100, 1500);

/// Everything that one engine's rounds happen in.
pub struct World {
    environment: Environment,
    process: Option<Process>,
    cluster: Option<Cluster>,
    log: Log,
    writers: Vec<Writer>,
    client: Client,
    random: Random,
    seed: u64,
    folder: TempDir,
}

impl World {
    /// One process on SQLite files.
    pub fn on_sqlite(seed: u64) -> Result<Self, String> {
        let folder = temporary()?;
        let data = folder.path().join("data");
        let log = Log::in_folder(&data);
        Ok(Self::new(folder, Environment::embedded(&data), log, None, seed))
    }

    /// One process on a PostgreSQL cluster of our own, with `fsync` on.
    pub fn on_postgres(seed: u64) -> Result<Self, String> {
        let cluster = Cluster::start_new(Durability::Full)?;
        let url = cluster.url("postgres");
        let environment = Environment::postgres(&url);
        Ok(Self::new(temporary()?, environment, Log::Postgres(url), Some(cluster), seed))
    }

    fn new(
        folder: TempDir,
        environment: Environment,
        log: Log,
        cluster: Option<Cluster>,
        seed: u64,
    ) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(10)).build();
        Self {
            environment,
            process: None,
            cluster,
            log,
            writers: vec![],
            client: client.unwrap_or_default(),
            random: Random::new(seed),
            seed,
            folder,
        }
    }

    /// What it runs on.
    pub fn name(&self) -> &'static str {
        if self.cluster.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// Starts the product and the clients.
    pub async fn begin(&mut self) -> Result<(), String> {
        let mut process = Process::start(&self.environment, &self.folder.path().join("output"));
        process.ready(&self.client).await;
        let token = self.environment.run(&["ops", "tokens", "mint", "--minutes", "1440"])?;
        let token = token.trim().to_owned();
        for number in 1..=WRITERS {
            let (client, url) = (self.client.clone(), process.url.clone());
            self.writers.push(Writer::new(client, url, token.clone(), number, self.seed));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Lets the clients work, kills, starts again, lets the clients finish, and judges.
    pub async fn round(&mut self, round: u32) -> Result<String, String> {
        let before = self.acknowledged();
        let stop = Arc::new(AtomicBool::new(false));
        let mut working = JoinSet::new();
        for mut writer in self.writers.drain(..) {
            let stop = stop.clone();
            working.spawn(async move {
                let outcome = writer.work(&stop).await;
                (writer, outcome)
            });
        }
        let delay = self.random.between(KILL_AFTER.0, KILL_AFTER.1);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let (victim, back) = self.kill_and_start(round).await?;
        stop.store(true, Ordering::Relaxed);
        let mut outcomes = vec![];
        while let Some(joined) = working.join_next().await {
            let (writer, outcome) = joined.map_err(|error| format!("a client died: {error}"))?;
            self.writers.push(writer);
            outcomes.push(outcome);
        }
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        judge(&self.log.rows().await, &self.known())?;
        self.verify().await?;
        let acknowledged = self.acknowledged() - before;
        Ok(format!(
            "{victim} killed after {delay} ms, ready after {} ms, {acknowledged} acknowledged",
            back.as_millis()
        ))
    }

    /// On PostgreSQL, product and database take turns.
    async fn kill_and_start(&mut self, round: u32) -> Result<(&'static str, Duration), String> {
        let process = self.process.as_mut().ok_or("the product was never started")?;
        let begun = Instant::now();
        let victim = match &mut self.cluster {
            Some(cluster) if round.is_multiple_of(2) => {
                cluster.kill()?;
                cluster.start()?;
                "the database"
            }
            _ => {
                process.kill();
                process.start_again();
                "the product"
            }
        };
        process.ready(&self.client).await;
        Ok((victim, begun.elapsed()))
    }

    /// The log keeps its rules, and every read model equals a rebuild.
    async fn verify(&self) -> Result<(), String> {
        self.environment.run(&["ops", "verify"])?;
        let Some(writer) = self.writers.first() else { return Ok(()) };
        let Some(process) = &self.process else { return Ok(()) };
        let url = format!("{}/cars?limit=1", process.url);
        let answer = Request::new(&self.client, Method::GET, &url)
            .bearer(writer.token())
            .try_send()
            .await
            .map_err(|error| error.to_string())?;
        let listed = answer.json()["metadata"]["total"].as_u64();
        let living = self.known().values().filter(|known| !known.deleted).count() as u64;
        if listed == Some(living) {
            Ok(())
        } else {
            Err(format!("{living} cars are alive, but {answer}"))
        }
    }

    fn known(&self) -> BTreeMap<String, Known> {
        self.writers.iter().flat_map(|writer| writer.cars.clone()).collect()
    }

    fn acknowledged(&self) -> u64 {
        self.writers.iter().map(|writer| writer.acknowledged).sum()
    }

    /// What happened in all rounds.
    pub fn summary(&self) -> String {
        let repeated: u64 = self.writers.iter().map(|writer| writer.repeated).sum();
        let cars = self.known().len();
        let all = self.acknowledged();
        format!("{all} acknowledged changes of {cars} cars, {repeated} of them after a repetition,")
    }

    /// A failure with the end of what the product printed.
    pub fn with_output(&self, why: &str) -> String {
        let printed = self.process.as_ref().map(Process::printed).unwrap_or_default();
        let lines: Vec<_> = printed.lines().rev().take(20).collect();
        format!("{why}\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }
}

fn temporary() -> Result<TempDir, String> {
    tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))
}
