//! The product and what it keeps its data in: started, killed, and started again.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{
    binary::{Environment, Process},
    events::{Log, Row},
};
use reqwest::Client;
use tempfile::TempDir;
use xtask::cluster::{Cluster, Durability};

use crate::random::Random;

/// Milliseconds that a start may go on until it is killed, too.
const KILL_START_AFTER: u64 = 150;

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Product,
    Database,
    Both,
}

impl Victim {
    fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Database => "database",
            Self::Both => "both",
        }
    }
}

/// How often each was killed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kills {
    /// The product, its starts included.
    pub product: u32,
    /// The database.
    pub database: u32,
}

/// One process of the product on data of its own.
pub struct Deployment {
    environment: Environment,
    process: Option<Process>,
    cluster: Option<Cluster>,
    log: Log,
    folder: TempDir,
    /// What was killed so far.
    pub kills: Kills,
}

impl Deployment {
    /// On SQLite files.
    ///
    /// # Errors
    /// If there is no room for them.
    pub fn on_sqlite() -> Result<Self, String> {
        let folder = temporary()?;
        let data = folder.path().join("data");
        Ok(Self::new(Environment::embedded(&data), None, Log::in_folder(&data), folder))
    }

    /// On a PostgreSQL cluster of our own, with `fsync` on.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn on_postgres() -> Result<Self, String> {
        let folder = temporary()?;
        let cluster = Cluster::start_new(Durability::Full)?;
        let url = cluster.url("postgres");
        Ok(Self::new(Environment::postgres(&url), Some(cluster), Log::Postgres(url), folder))
    }

    fn new(environment: Environment, cluster: Option<Cluster>, log: Log, folder: TempDir) -> Self {
        let environment = environment.with("GROUNDWORK_LOG", "warn");
        Self { environment, process: None, cluster, log, folder, kills: Kills::default() }
    }

    /// Runs the optimized binary.
    pub fn optimized(self) -> Self {
        Self { environment: self.environment.optimized(), ..self }
    }

    /// What it keeps its data in.
    pub fn name(&self) -> &'static str {
        if self.cluster.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// Starts the product for the first time; where it answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn begin(&mut self, client: &Client) -> Result<String, String> {
        let mut process = Process::start(&self.environment, &self.folder.path().join("output"));
        let ready = process.try_ready(client).await;
        let url = process.url.clone();
        self.process = Some(process);
        ready.map(|()| url)
    }

    /// Runs an operator's command.
    ///
    /// # Errors
    /// With what it printed.
    pub fn operate(&self, arguments: &[&str]) -> Result<String, String> {
        self.environment.run(arguments)
    }

    /// The log, past the product.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn log(&self) -> Result<Vec<Row>, String> {
        self.log.try_rows().await.map_err(|error| format!("the log can't be read: {error}"))
    }

    /// Kills what is next in turn, now and then once more while it starts, and waits until the
    /// product answers again. What happened, for the report.
    ///
    /// # Errors
    /// If the product ended by itself, or does not come back.
    pub async fn kill(
        &mut self,
        round: u32,
        random: &mut Random,
        client: &Client,
    ) -> Result<String, String> {
        let victim = match (&self.cluster, round % 3) {
            (None, _) | (_, 1) => Victim::Product,
            (_, 2) => Victim::Database,
            _ => Victim::Both,
        };
        let again = random.between(0, 4) == 0;
        let after = Duration::from_millis(random.between(0, KILL_START_AFTER));
        let process = self.process.as_mut().ok_or("the product was never started")?;
        process.alive()?;
        let begun = Instant::now();
        if victim != Victim::Database {
            process.kill();
            self.kills.product += 1;
        }
        if let Some(cluster) = self.cluster.as_mut().filter(|_| victim != Victim::Product) {
            cluster.kill()?;
            self.kills.database += 1;
            cluster.start()?;
        }
        let mut name = victim.name().to_owned();
        if victim != Victim::Database {
            process.start_again();
            if again {
                tokio::time::sleep(after).await;
                process.kill();
                process.start_again();
                self.kills.product += 1;
                name.push_str(" twice");
            }
        }
        process.try_ready(client).await?;
        Ok(format!("{name}, ready after {} ms", begun.elapsed().as_millis()))
    }

    /// Whether the product, whatever happened to it, stayed free of panics.
    ///
    /// # Errors
    /// With what it printed about one.
    pub fn calm(&self) -> Result<(), String> {
        let printed = self.process.as_ref().map(Process::printed).unwrap_or_default();
        match printed.lines().find(|line| line.contains("panicked at")) {
            None => Ok(()),
            Some(line) => Err(format!("the product panicked: {line}")),
        }
    }

    /// Leaves everything to whoever wants to look; what the product complained of last, and where
    /// the data is.
    pub fn keep(mut self) -> String {
        let printed = self.process.as_ref().map(Process::printed).unwrap_or_default();
        drop(self.process.take());
        let complaint = |line: &&str| [" WARN ", "ERROR", "panic"].iter().any(|w| line.contains(w));
        let lines: Vec<_> = printed.lines().rev().filter(complaint).take(20).collect();
        let mut text = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
        text.push_str("\nkept: ");
        text.push_str(&self.folder.path().display().to_string());
        if let Some(cluster) = &mut self.cluster {
            let kept = cluster.keep().map(Path::display).map(|folder| folder.to_string());
            text.push_str(" and ");
            text.push_str(&kept.unwrap_or_else(|why| why));
        }
        self.folder.disable_cleanup(true);
        text
    }
}

fn temporary() -> Result<TempDir, String> {
    tempfile::Builder::new()
        .prefix("groundwork-crash-")
        .tempdir()
        .map_err(|error| format!("no temporary folder: {error}"))
}
