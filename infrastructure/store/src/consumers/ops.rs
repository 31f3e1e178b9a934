//! What operators see and ask, from any process.

use std::{sync::Arc, time::Duration};

use application::{
    ports::{Clock, DeadLetter, EventLog, Ids, LogError, Partition, Recorded},
    reaction::Reaction,
};

use super::{
    ledger::{self, State},
    letters,
    requests::Action,
    sink, verify,
};
use crate::{
    db::{Db, DbError, Kind, Value},
    projections::Projection,
};

const ASK: &str = "INSERT INTO consumer_requests \
     (id, consumer, action, position, requested_at, outcome, failed) \
     VALUES ($1, $2, $3, $4, $5, NULL, false)";
const OUTCOME: &str =
    "SELECT outcome, failed FROM consumer_requests WHERE id = $1 AND outcome IS NOT NULL";
const FORGET: &str = "DELETE FROM consumer_requests WHERE id = $1";

/// Every statement of this file.
pub(super) const STATEMENTS: &[&str] = &[ASK, OUTCOME, FORGET];

/// How often the answer is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// Looks at consumers, and asks the engine, wherever it runs.
pub struct Ops {
    db: Db,
    log_db: Db,
    log: Arc<dyn EventLog>,
    partition: Partition,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// What sort of consumer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It fills read models.
    Projection,
    /// It acts.
    Reaction,
}

/// How a consumer is doing: a line for each generation of a projection.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Its permanent name.
    pub name: String,
    /// What it is.
    pub sort: Sort,
    /// Of a projection: version, generation and what that one is for.
    pub generation: Option<(u32, u32, State)>,
    /// The last position that it handled.
    pub position: u64,
    /// How many positions it is behind the log.
    pub behind: u64,
    /// How long the next event has been waiting for it; 0 if there is none.
    pub behind_seconds: f64,
    /// How many events changed something in a projection, ever.
    pub applied: Option<u64>,
    /// Events that it gave up on, and those behind them.
    pub dead_letters: u64,
}

/// Why an operator got no answer.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// A database can't be asked.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The log can't be asked.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The engine, or the database, says no.
    #[error("{0}")]
    Refused(String),
    /// No engine answered in time; the request was withdrawn.
    #[error("no running engine answered within {} seconds; nothing was asked for", .0.as_secs())]
    NoAnswer(Duration),
}

impl Ops {
    /// Over the databases of read models and of the log; on PostgreSQL they are one.
    #[must_use]
    pub fn new(
        db: Db,
        log_db: Db,
        log: Arc<dyn EventLog>,
        partition: Partition,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self { db, log_db, log, partition, clock, ids }
    }

    /// How every consumer is doing.
    ///
    /// # Errors
    /// [`OpsError`] if a database can't be asked.
    pub async fn status(
        &self,
        projections: &[Projection],
        reactions: &[Reaction],
    ) -> Result<Vec<Status>, OpsError> {
        let head = self.log.head().await?;
        let mut all = Vec::new();
        for projection in projections {
            for line in ledger::read(&self.db, projection.name).await? {
                let label = sink::label(projection, line.version, line.generation, line.state);
                let status = Status {
                    name: projection.name.to_owned(),
                    sort: Sort::Projection,
                    generation: Some((line.version, line.generation, line.state)),
                    position: line.position(),
                    behind: head.saturating_sub(line.position()),
                    behind_seconds: self.behind_seconds(line.position()).await?,
                    applied: Some(line.applied),
                    dead_letters: letters::count(&self.db, &label).await?,
                };
                all.push(status);
            }
        }
        for reaction in reactions {
            let mut position = u64::MAX;
            for part in 0..self.partition.parts() {
                let at = self.log.checkpoint(reaction.name, part).await?.unwrap_or(0);
                position = position.min(at);
            }
            all.push(Status {
                name: reaction.name.to_owned(),
                sort: Sort::Reaction,
                generation: None,
                position,
                behind: head.saturating_sub(position),
                behind_seconds: self.behind_seconds(position).await?,
                applied: None,
                dead_letters: letters::count(&self.log_db, reaction.name).await?,
            });
        }
        Ok(all)
    }

    /// Asks a consumer for something and waits for what comes of it: a sentence. A rebuild answers
    /// when it is served.
    ///
    /// # Errors
    /// [`OpsError::Refused`] if it can't be done; [`OpsError::NoAnswer`] if no engine runs.
    pub async fn ask(
        &self,
        consumer: &str,
        action: Action,
        limit: Duration,
    ) -> Result<String, OpsError> {
        let id = self.ids.event_id().to_string();
        let position = action.position().map_or(Value::Null(Kind::Int), Value::from);
        let values = [
            id.as_str().into(),
            consumer.into(),
            action.name().into(),
            position,
            self.clock.now().into(),
        ];
        self.db.execute(ASK, &values).await?;
        let answer = tokio::time::timeout(limit, self.answer(&id)).await;
        self.db.execute(FORGET, &[id.as_str().into()]).await?;
        answer.unwrap_or(Err(OpsError::NoAnswer(limit)))
    }

    /// Up to `limit` dead letters with a position greater than `after`, of one consumer or of all,
    /// in order of position.
    ///
    /// # Errors
    /// [`OpsError`] if a database can't be asked.
    pub async fn dead_letters(
        &self,
        consumer: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, OpsError> {
        let mut all = letters::list(&self.db, consumer, after, limit).await?;
        if self.is_split() {
            all.extend(letters::list(&self.log_db, consumer, after, limit).await?);
            all.sort_by_key(|letter| letter.position);
            all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(all)
    }

    /// A dead letter and its event, which is `None` if the log does not have it any more.
    ///
    /// # Errors
    /// [`OpsError`] if a database can't be asked.
    pub async fn dead_letter(
        &self,
        consumer: &str,
        position: u64,
    ) -> Result<Option<(DeadLetter, Option<Recorded>)>, OpsError> {
        let mut found = letters::one(&self.db, consumer, position).await?;
        if found.is_none() && self.is_split() {
            found = letters::one(&self.log_db, consumer, position).await?;
        }
        let Some(letter) = found else { return Ok(None) };
        let event = self.log.read(position.saturating_sub(1), 1).await?.into_iter().next();
        Ok(Some((letter, event.filter(|event| event.position == position))))
    }

    /// Compares every served read model with one that is made from the log for the purpose, at the
    /// same position, while consumers go on. Each sentence is a difference.
    ///
    /// # Errors
    /// [`OpsError`] if a database can't be asked, or a rebuild fails.
    pub async fn verify(&self, projections: &[Projection]) -> Result<Vec<String>, OpsError> {
        let mut differences = Vec::new();
        for projection in projections {
            let found = verify::compare(&self.db, self.log.clone(), &self.clock, projection).await;
            differences.extend(found.map_err(|error| OpsError::Refused(error.to_string()))?);
        }
        Ok(differences)
    }

    async fn answer(&self, id: &str) -> Result<String, OpsError> {
        loop {
            if let Some(row) = self.db.fetch_one(OUTCOME, &[id.into()]).await? {
                let text = row.text("outcome")?;
                return if row.bool("failed")? { Err(OpsError::Refused(text)) } else { Ok(text) };
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How far whoever is at a position is behind the log: in positions, and since how many seconds
    /// the next event has been waiting.
    ///
    /// # Errors
    /// [`OpsError`] if the log can't be asked.
    pub async fn behind(&self, position: u64) -> Result<(u64, f64), OpsError> {
        let head = self.log.head().await?;
        Ok((head.saturating_sub(position), self.behind_seconds(position).await?))
    }

    async fn behind_seconds(&self, position: u64) -> Result<f64, LogError> {
        let next = self.log.read(position, 1).await?;
        let waiting = next.first().map(|event| self.clock.now().since(event.recorded_at));
        Ok(waiting.map_or(0.0, |age| age.as_seconds_f64().max(0.0)))
    }

    /// Whether projections and reactions have their dead letters apart.
    fn is_split(&self) -> bool {
        matches!(self.log_db, Db::Sqlite { .. })
    }
}
