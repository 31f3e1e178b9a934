//! A client that changes cars and remembers what it was told.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use acceptance::{Answer, Request};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::random::Random;

/// An outage longer than this is a failure of the test.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// How long a client waits before it asks again.
pub const PAUSE: Duration = Duration::from_millis(20);
/// Living cars per writer; beyond, old ones are changed instead of adding more.
const MOST_CARS: usize = 20;
/// Changes that a writer may repeat although it knows their outcome.
const REMEMBERED: usize = 40;

/// What a writer was told of a car.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its number plate, which no other car has.
    pub plate: String,
    /// How often it was taken offline.
    pub offline: u64,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// How often something was acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Cars that were registered.
    pub registered: u64,
    /// Periods in which cars were taken offline.
    pub offline: u64,
    /// Cars that were deleted.
    pub deleted: u64,
    /// Of these changes, those whose outcome was unknown until they were repeated.
    pub retried: u64,
    /// Changes that were repeated although they had been acknowledged.
    pub repeated: u64,
}

impl Counts {
    /// All changes.
    pub fn changes(&self) -> u64 {
        self.registered + self.offline + self.deleted
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            registered: self.registered + other.registered,
            offline: self.offline + other.offline,
            deleted: self.deleted + other.deleted,
            retried: self.retried + other.retried,
            repeated: self.repeated + other.repeated,
        }
    }
}

/// A change, as it can be asked for again and again.
#[derive(Clone, Debug)]
struct Change {
    method: Method,
    path: String,
    body: Value,
    key: String,
}

/// What must be the same however often a change is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    status: u16,
    location: String,
    token: String,
    body: String,
}

impl Told {
    fn by(answer: &Answer) -> Self {
        Self {
            status: answer.status.as_u16(),
            location: answer.header("location").to_owned(),
            token: answer.header("consistency-token").to_owned(),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
        }
    }
}

/// One client. Its cars are its own, so it knows exactly what they must be.
#[derive(Debug)]
pub struct Writer {
    client: Client,
    url: String,
    token: String,
    number: u64,
    requests: u64,
    random: Random,
    remembered: Vec<(Change, Told)>,
    /// Every car that it ever registered, with what it was told of it.
    pub cars: BTreeMap<String, Known>,
    /// What was acknowledged.
    pub counts: Counts,
    /// The greatest position that it was told.
    pub position: u64,
}

impl Writer {
    /// A client of a host.
    pub fn new(client: Client, url: String, token: String, number: u64, seed: u64) -> Self {
        Self {
            client,
            url,
            token,
            number,
            requests: 0,
            random: Random::new(seed ^ number.wrapping_mul(0x0100_0001)),
            remembered: vec![],
            cars: BTreeMap::new(),
            counts: Counts::default(),
            position: 0,
        }
    }

    /// Changes cars until told to stop; then every change it began was acknowledged.
    ///
    /// # Errors
    /// If the host refuses a change that is allowed, answers a repeated one otherwise than at
    /// first, or stays away too long.
    pub async fn work(&mut self, stop: &AtomicBool) -> Result<(), String> {
        while !stop.load(Ordering::Relaxed) {
            let living: Vec<&String> =
                self.cars.iter().filter(|(_, known)| !known.deleted).map(|(id, _)| id).collect();
            let dice = self.random.between(0, 12);
            if living.is_empty() || (dice < 4 && living.len() < MOST_CARS) {
                self.register().await?;
            } else if dice >= 10 && !self.remembered.is_empty() {
                self.repeat().await?;
            } else {
                let pick = self.random.below(living.len());
                let id = living.get(pick).copied().cloned().ok_or("there is no car to change")?;
                if dice == 9 { self.delete(&id).await? } else { self.take_offline(&id).await? }
            }
        }
        Ok(())
    }

    async fn register(&mut self) -> Result<(), String> {
        let plate = format!("{} {}", self.number, self.requests + 1);
        let body = json!({
            "make": "Honda", "model": "Civic", "year": 2020,
            "jurisdiction": "New Zealand", "numberPlate": plate,
        });
        let answer = self.change(Method::POST, "/cars".to_owned(), body).await?;
        let id = answer.json()["car"]["id"].as_str().ok_or(format!("{answer}: no id"))?.to_owned();
        self.counts.registered += 1;
        match self.cars.insert(id.clone(), Known { plate, ..Known::default() }) {
            None => Ok(()),
            Some(_) => Err(format!("{id} was given to two cars")),
        }
    }

    async fn take_offline(&mut self, id: &str) -> Result<(), String> {
        // Periods of one car never meet: an hour each, and 22 of them in each year.
        let number = self.known(id)?.offline;
        let at = |rest: &str| format!("{}-01-01T{:02}:{rest}Z", 2100 + number / 22, number % 22);
        let body = json!({ "fromUtc": at("00:00"), "toUtc": at("59:00") });
        self.change(Method::PUT, format!("/cars/{id}/offline"), body).await?;
        self.counts.offline += 1;
        self.known(id)?.offline += 1;
        Ok(())
    }

    async fn delete(&mut self, id: &str) -> Result<(), String> {
        self.change(Method::DELETE, format!("/cars/{id}"), json!({})).await?;
        self.counts.deleted += 1;
        self.known(id)?.deleted = true;
        Ok(())
    }

    /// Asks again for something that was acknowledged, perhaps before a kill.
    async fn repeat(&mut self) -> Result<(), String> {
        let pick = self.random.below(self.remembered.len());
        let (change, told) =
            self.remembered.get(pick).cloned().ok_or("there is nothing to repeat")?;
        let (answer, _) = self.insist(&change).await?;
        self.counts.repeated += 1;
        same(&change, &told, &answer)
    }

    fn known(&mut self, id: &str) -> Result<&mut Known, String> {
        self.cars.get_mut(id).ok_or_else(|| format!("{id} was never registered"))
    }

    /// Asks for a change until its outcome is known; now and then by two requests at once.
    async fn change(
        &mut self,
        method: Method,
        path: String,
        body: Value,
    ) -> Result<Answer, String> {
        self.requests += 1;
        let key = format!("writer-{}-{}", self.number, self.requests);
        let change = Change { method, path, body, key };
        let (answer, attempts) = if self.random.between(0, 8) == 0 {
            let (one, other) = tokio::try_join!(self.insist(&change), self.insist(&change))?;
            self.counts.repeated += 1;
            same(&change, &Told::by(&one.0), &other.0)?;
            one
        } else {
            self.insist(&change).await?
        };
        self.counts.retried += u64::from(attempts > 1);
        let told = Told::by(&answer);
        let position = told.token.parse().map_err(|_| format!("{answer}: no Consistency-Token"))?;
        self.position = self.position.max(position);
        if self.remembered.len() < REMEMBERED {
            self.remembered.push((change, told));
        } else {
            let forgotten = self.random.below(REMEMBERED);
            self.remembered.splice(forgotten..=forgotten, [(change, told)]);
        }
        Ok(answer)
    }

    /// Repeats a request under one key until its outcome is known; how often it was sent.
    async fn insist(&self, change: &Change) -> Result<(Answer, u32), String> {
        let url = format!("{}{}", self.url, change.path);
        let begun = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let request = Request::new(&self.client, change.method.clone(), &url)
                .bearer(&self.token)
                .header("idempotency-key", &change.key)
                .json(&change.body);
            let unknown = match request.try_send().await {
                Ok(answer) if answer.status.is_success() => return Ok((answer, attempts)),
                Ok(answer) if is_outage(&answer) => answer.to_string(),
                Ok(answer) => {
                    return Err(format!("{answer} to {} at attempt {attempts}", change.key));
                }
                Err(error) => format!("{} {url}: {error:?}", change.method),
            };
            if begun.elapsed() > PATIENCE {
                return Err(format!("after {attempts} attempts in {PATIENCE:?}: {unknown}"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether it says "not now", or a gateway does not know what became of it; everything else would
/// be for ever.
pub fn is_outage(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 502..=504)
}

fn same(change: &Change, first: &Told, again: &Answer) -> Result<(), String> {
    let again = Told::by(again);
    if *first == again {
        return Ok(());
    }
    let Change { method, path, key, .. } = change;
    Err(format!("{method} {path} ({key}) was answered {first:?}, but repeated {again:?}"))
}
