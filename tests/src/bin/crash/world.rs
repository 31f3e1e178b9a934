//! A deployment, the clients that change it, and the rounds that it must survive.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use tokio::task::JoinSet;

use crate::{
    deployment::Deployment,
    forger::Forger,
    founder::Founder,
    judge::judge,
    meddler::{Meddled, Meddler},
    random::Random,
    reader::Reader,
    registrant::Registrant,
    settled::settled,
    writer::{Counts, Known, Writer},
};

const WRITERS: u64 = 16;
/// Each founds one organization per round.
const FOUNDERS: usize = 3;
/// Milliseconds from the first request of a round to the kill.
const KILL_AFTER: (u64, u64) = (50, 1500);
/// Rebuilding read models takes time that grows with the log; so it is not done in every round.
const VERIFY_EVERY: u32 = 5;

/// Everything that one engine's rounds happen in.
pub struct World {
    deployment: Deployment,
    writers: Vec<Writer>,
    reader: Reader,
    forger: Forger,
    registrant: Registrant,
    founders: Vec<Founder>,
    meddled: Arc<Meddled>,
    /// Ends with this value.
    meddling: JoinSet<()>,
    random: Random,
    gone: BTreeSet<String>,
    events: usize,
}

impl World {
    /// Starts the product and its clients. A deployment that fails at once keeps its data.
    ///
    /// # Errors
    /// Says what failed.
    pub async fn begin(mut deployment: Deployment, seed: u64) -> Result<Self, String> {
        match Self::clients(&mut deployment, seed).await {
            Ok((reader, writers, founders)) => {
                let (meddled, mut meddling) = (Arc::new(Meddled::default()), JoinSet::new());
                if let Some(url) = deployment.broker_url() {
                    meddling.spawn(Meddler::new(url, seed, meddled.clone()).work());
                }
                Ok(Self {
                    forger: Forger::new(&reader, deployment.log.clone()),
                    registrant: Registrant::new(&reader),
                    founders,
                    meddled,
                    meddling,
                    deployment,
                    writers,
                    reader,
                    random: Random::new(seed),
                    gone: BTreeSet::new(),
                    events: 0,
                })
            }
            Err(why) => Err(format!("{why}\n{}", deployment.keep())),
        }
    }

    async fn clients(
        deployment: &mut Deployment,
        seed: u64,
    ) -> Result<(Reader, Vec<Writer>, Vec<Founder>), String> {
        let client = Client::builder()
            .timeout(Duration::from_secs(20))
            .build()
            .map_err(|error| error.to_string())?;
        let url = deployment.begin(&client).await?;
        let token = deployment.operate(&["ops", "tokens", "mint", "--minutes", "1440"])?;
        let token = token.trim().to_owned();
        let writers = (1..=WRITERS)
            .map(|number| Writer::new(client.clone(), url.clone(), token.clone(), number, seed))
            .collect();
        let reader = Reader { client, url, token };
        let settings = deployment.settings()?;
        let founders =
            (1..=FOUNDERS).map(|number| Founder::new(&reader, settings.clone(), number)).collect();
        Ok((reader, writers, founders))
    }

    /// All rounds; a line for each.
    ///
    /// # Errors
    /// Says what is wrong, and where the data is kept.
    pub async fn survive(mut self, rounds: u32) -> Result<(), String> {
        let name = self.deployment.name();
        for round in 1..=rounds {
            match self.round(round, round == rounds).await {
                Ok(line) => println!("{name} {round}/{rounds}: {line}"),
                Err(why) => {
                    return Err(format!(
                        "{name}, round {round}: {why}\n{}",
                        self.deployment.keep()
                    ));
                }
            }
        }
        println!("{name}: {}", self.summary());
        Ok(())
    }

    /// Lets the clients work, kills, starts again, lets the clients finish, and judges.
    async fn round(&mut self, round: u32, last: bool) -> Result<String, String> {
        let before = self.counts();
        let stop = Arc::new(AtomicBool::new(false));
        let mut working = JoinSet::new();
        for mut writer in self.writers.drain(..) {
            let stop = stop.clone();
            working.spawn(async move {
                let outcome = writer.work(&stop).await;
                (writer, outcome)
            });
        }
        let until = stop.clone();
        let mut forger = self.forger.clone();
        let mut forging = JoinSet::new();
        forging.spawn(async move {
            let outcome = forger.work(&until).await;
            (forger, outcome)
        });
        let until = stop.clone();
        let mut registrant = self.registrant.clone();
        let mut registering = JoinSet::new();
        registering.spawn(async move {
            let outcome = registrant.work(&until).await;
            (registrant, outcome)
        });
        let mut founding = JoinSet::new();
        for mut founder in self.founders.drain(..) {
            founding.spawn(async move {
                let outcome = founder.work().await;
                (founder, outcome)
            });
        }
        let delay = self.random.between(KILL_AFTER.0, KILL_AFTER.1);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let client = self.reader.client.clone();
        let killed = self.deployment.kill(round, &mut self.random, &client).await;
        stop.store(true, Ordering::Relaxed);
        let outcomes = [
            finish(working, |writer| self.writers.push(writer)).await,
            finish(forging, |forger| self.forger = forger).await,
            finish(registering, |registrant| self.registrant = registrant).await,
            finish(founding, |founder| self.founders.push(founder)).await,
        ];
        let killed = killed?;
        outcomes.into_iter().collect::<Result<(), String>>()?;
        let verified = last || round.is_multiple_of(VERIFY_EVERY);
        self.judge(verified).await?;
        let after = self.counts();
        Ok(format!(
            "killed after {delay} ms: {killed}; {} acknowledged, {} of them retried, {} repeated{}",
            after.changes() - before.changes(),
            after.retried - before.retried,
            after.repeated - before.repeated,
            if verified { "; verified" } else { "" },
        ))
    }

    /// Compares what was acknowledged with the log, with what the API shows, and now and then the
    /// read models with a rebuild.
    async fn judge(&mut self, verify: bool) -> Result<(), String> {
        self.deployment.calm()?;
        let known = self.known();
        let broker = self.deployment.broker_url();
        let (log, founders) = (&self.deployment.log, &self.founders);
        let rows =
            settled(log, &self.forger, &self.registrant, founders, broker.as_deref()).await?;
        self.events = rows.len();
        judge(&rows, &known)?;
        let position = self.writers.iter().map(|writer| writer.position).max().unwrap_or(0);
        self.reader.compare(&known, position).await?;
        let gone: BTreeSet<_> =
            known.iter().filter(|(_, known)| known.deleted).map(|(id, _)| id.clone()).collect();
        self.reader.gone(gone.difference(&self.gone)).await?;
        self.gone = gone;
        if verify {
            self.deployment.operate(&["ops", "verify"])?;
        }
        Ok(())
    }

    fn known(&self) -> BTreeMap<String, Known> {
        self.writers.iter().flat_map(|writer| writer.cars.clone()).collect()
    }

    fn counts(&self) -> Counts {
        self.writers.iter().map(|writer| writer.counts).fold(Counts::default(), Counts::plus)
    }

    fn summary(&self) -> String {
        let Counts { registered, offline, deleted, retried, repeated } = self.counts();
        let kills = self.deployment.kills;
        let text = format!(
            "processes of the product were killed {} times, the database {} times, the broker {} \
             times. {registered} cars registered, {offline} times taken offline, {deleted} deleted: \
             each acknowledged change is there once, in {} events. {retried} were known only after \
             a retry, {repeated} were repeated without effect. {} people registered, each with all \
             that follows, once. {} organizations were founded, each with members, guest, machine \
             and subscription, once. {} bad proofs were refused; all {} audits that were seen in the \
             queue are there.",
            kills.product,
            kills.database,
            kills.broker,
            self.events,
            self.registrant.users.len(),
            self.founders.iter().map(|founder| founder.tenants.len()).sum::<usize>(),
            self.forger.sent,
            self.forger.queued.len(),
        );
        if self.meddling.is_empty() {
            return text;
        }
        let repeated = self.meddled.repeated.load(Ordering::Relaxed);
        let forged = self.meddled.forged.load(Ordering::Relaxed);
        let wiped = self.meddled.wiped.load(Ordering::Relaxed);
        format!(
            "{text} {repeated} messages were repeated on the broker and {forged} forged, and queues \
             of work deleted or emptied {wiped} times, without effect."
        )
    }
}

/// Waits until clients have finished, and gives each back; the first failure.
async fn finish<T: 'static>(
    mut working: JoinSet<(T, Result<(), String>)>,
    mut give_back: impl FnMut(T),
) -> Result<(), String> {
    let mut outcome = Ok(());
    while let Some(joined) = working.join_next().await {
        let (client, ended) = joined.map_err(|error| format!("a client died: {error}"))?;
        give_back(client);
        outcome = outcome.and(ended);
    }
    outcome
}
