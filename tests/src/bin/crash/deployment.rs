//! The product and what it keeps its data in: started, killed, and started again.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{
    binary::{Environment, Process},
    events::Log,
};
use reqwest::Client;
use tempfile::TempDir;
use xtask::{
    broker::Broker,
    cluster::{Cluster, Durability},
};

use crate::{
    layout::{Layout, Part},
    random::Random,
};

/// Milliseconds that a start may go on until it is killed, too.
const KILL_START_AFTER: u64 = 150;
/// Milliseconds between two kills of one round that don't happen at once.
const KILLS_APART: u64 = 400;

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    /// A process of the product, by its place.
    Host(usize),
    Database,
    Broker,
}

/// How often each was killed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kills {
    /// Processes of the product, their starts included.
    pub product: u32,
    /// The database.
    pub database: u32,
    /// The broker.
    pub broker: u32,
}

/// Processes of the product on data of their own.
pub struct Deployment {
    parts: Vec<Part>,
    processes: Vec<Process>,
    cluster: Option<Cluster>,
    broker: Option<Broker>,
    folder: TempDir,
    name: &'static str,
    /// The log, past the product.
    pub log: Log,
    /// What was killed so far.
    pub kills: Kills,
}

impl Deployment {
    /// Makes everything but the product's processes.
    ///
    /// # Errors
    /// If there is no room for it, or a server that it needs can't be had.
    pub fn new(layout: Layout, optimized: bool) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("groundwork-crash-")
            .tempdir()
            .map_err(|error| format!("no temporary folder: {error}"))?;
        let cluster =
            layout.has_cluster().then(|| Cluster::start_new(Durability::Full)).transpose()?;
        let broker = layout.has_broker().then(Broker::start_new).transpose()?;
        // E-mails go there with any engine.
        let data = folder.path().join("data");
        let settings = Environment::default().with("GROUNDWORK_DATA", &data.display().to_string());
        let (log, settings) = match &cluster {
            None => (Log::in_folder(&data), settings),
            Some(cluster) => {
                let url = cluster.url("postgres");
                let settings = settings.with("DATABASE_URL", &url);
                (Log::Postgres(url), settings)
            }
        };
        let settings = match &broker {
            Some(broker) => settings.with("AMQP_URL", &broker.url()),
            None => settings,
        };
        let settings = settings.with("GROUNDWORK_LOG", "warn");
        let settings = if optimized { settings.optimized() } else { settings };
        let parts = layout.parts(&settings);
        let kills = Kills::default();
        let (processes, name) = (vec![], layout.name());
        Ok(Self { parts, processes, cluster, broker, folder, name, log, kills })
    }

    /// What it runs on.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where the broker is, if there is one.
    pub fn broker_url(&self) -> Option<String> {
        self.broker.as_ref().map(Broker::url)
    }

    /// Starts the product for the first time; where it answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn begin(&mut self, client: &Client) -> Result<String, String> {
        for part in &self.parts {
            let output = self.folder.path().join(part.name);
            self.processes.push(Process::start_as(&part.settings, &output, part.arguments));
        }
        self.ready(client).await?;
        let front = self.processes.last().ok_or("the product has no processes")?;
        Ok(front.url.clone())
    }

    /// Runs an operator's command.
    ///
    /// # Errors
    /// With what it printed.
    pub fn operate(&self, arguments: &[&str]) -> Result<String, String> {
        self.settings()?.run(arguments)
    }

    /// The settings that operators' commands have.
    ///
    /// # Errors
    /// If there is nothing to operate.
    pub fn settings(&self) -> Result<&Environment, String> {
        let first = self.parts.first().ok_or("the product has no processes")?;
        Ok(&first.settings)
    }

    /// Kills what is next in turn, and some of the rest, in any order, at once or one after the
    /// other; a process now and then once more while it starts. Waits until all of it answers
    /// again. What happened, for the report.
    ///
    /// # Errors
    /// If the product ended by itself, or does not come back.
    pub async fn kill(
        &mut self,
        round: u32,
        random: &mut Random,
        client: &Client,
    ) -> Result<String, String> {
        for (process, part) in self.processes.iter_mut().zip(&self.parts) {
            process.alive().map_err(|why| format!("{}: {why}", part.name))?;
        }
        let victims = self.choose(round, random);
        let apart = random.between(0, 2) == 0;
        let begun = Instant::now();
        let mut names = vec![];
        for (number, victim) in victims.iter().enumerate() {
            if apart && number > 0 {
                tokio::time::sleep(Duration::from_millis(random.between(0, KILLS_APART))).await;
            }
            names.push(self.end(*victim)?.to_owned());
        }
        // Hosts wait for a broker, but not for a database that is not there when they start.
        if let Some(cluster) = self.cluster.as_mut().filter(|_| victims.contains(&Victim::Database))
        {
            cluster.start()?;
        }
        for (victim, name) in victims.iter().zip(&mut names) {
            match victim {
                Victim::Database => {}
                Victim::Broker => self.broker.as_mut().map_or(Ok(()), Broker::start)?,
                Victim::Host(place) => {
                    if self.start_again(*place, random).await? {
                        name.push_str(" twice");
                    }
                }
            }
        }
        if let Some(broker) = &mut self.broker {
            broker.ready()?;
        }
        self.ready(client).await?;
        let how = if apart { ", then " } else { " + " };
        Ok(format!("{}, ready after {} ms", names.join(how), begun.elapsed().as_millis()))
    }

    /// Waits until all of it answers; they may need each other for that.
    async fn ready(&mut self, client: &Client) -> Result<(), String> {
        for (process, part) in self.processes.iter_mut().zip(&self.parts) {
            process.try_ready(client).await.map_err(|why| format!("{}: {why}", part.name))?;
        }
        Ok(())
    }

    /// In the order in which they are killed: the one whose turn it is, and a third of the rest.
    fn choose(&self, round: u32, random: &mut Random) -> Vec<Victim> {
        let mut all: Vec<_> = (0..self.processes.len()).map(Victim::Host).collect();
        all.extend(self.cluster.as_ref().map(|_| Victim::Database));
        all.extend(self.broker.as_ref().map(|_| Victim::Broker));
        let turn = usize::try_from(round).unwrap_or_default() % all.len();
        let mut victims = vec![];
        for (place, victim) in all.into_iter().enumerate() {
            if place == turn || random.between(0, 3) == 0 {
                victims.insert(random.below(victims.len() + 1), victim);
            }
        }
        victims
    }

    fn end(&mut self, victim: Victim) -> Result<&'static str, String> {
        match victim {
            Victim::Database => {
                self.kills.database += 1;
                self.cluster.as_mut().map_or(Ok(()), Cluster::kill)?;
                Ok("database")
            }
            Victim::Broker => {
                self.kills.broker += 1;
                self.broker.as_mut().map_or(Ok(()), Broker::kill)?;
                Ok("broker")
            }
            Victim::Host(place) => {
                self.kills.product += 1;
                let process = self.processes.get_mut(place).ok_or("there is no such process")?;
                process.kill();
                Ok(self.parts.get(place).map_or("product", |part| part.name))
            }
        }
    }

    /// Whether it was killed once more meanwhile.
    async fn start_again(&mut self, place: usize, random: &mut Random) -> Result<bool, String> {
        let process = self.processes.get_mut(place).ok_or("there is no such process")?;
        process.start_again();
        let after = Duration::from_millis(random.between(0, KILL_START_AFTER));
        if random.between(0, 4) != 0 {
            return Ok(false);
        }
        tokio::time::sleep(after).await;
        process.kill();
        process.start_again();
        self.kills.product += 1;
        Ok(true)
    }

    /// Whether the product, whatever happened to it, stayed free of panics.
    ///
    /// # Errors
    /// With what it printed about one.
    pub fn calm(&self) -> Result<(), String> {
        for (process, part) in self.processes.iter().zip(&self.parts) {
            let printed = process.printed();
            if let Some(line) = printed.lines().find(|line| line.contains("panicked at")) {
                return Err(format!("{} panicked: {line}", part.name));
            }
        }
        Ok(())
    }

    /// Leaves everything to whoever wants to look; what the product complained of last, and where
    /// the data is.
    pub fn keep(mut self) -> String {
        let complaint =
            |line: &&str| [" WARN ", "ERROR", "panic"].iter().any(|word| line.contains(word));
        let mut told = vec![];
        for (process, part) in self.processes.drain(..).zip(&self.parts) {
            let printed = process.printed();
            drop(process);
            let lines: Vec<_> = printed.lines().rev().filter(complaint).take(20).collect();
            told.extend(lines.into_iter().rev().map(|line| format!("{}: {line}", part.name)));
        }
        let mut kept = vec![self.folder.path().display().to_string()];
        let shown = |folder: Result<&Path, String>| {
            folder.map_or_else(|why| why, |folder| folder.display().to_string())
        };
        kept.extend(self.cluster.as_mut().map(|cluster| shown(cluster.keep())));
        kept.extend(self.broker.as_mut().map(|broker| shown(broker.keep())));
        self.folder.disable_cleanup(true);
        told.push(format!("kept: {}", kept.join(" and ")));
        told.join("\n")
    }
}
