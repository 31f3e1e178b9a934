//! Queues of work that are a table beside the log. Where there is a broker, it tells takers of what is
//! there.

mod carried;
mod outbox;
mod statements;

use std::{sync::Arc, time::Duration};

use application::{
    Error, Result,
    ports::{Clock, Fate, Patience, QueueStanding, Taken, WorkMessage, WorkQueue, WorkQueues},
};
use async_trait::async_trait;

use crate::{
    backoff::cut,
    db::{Db, DbError, Kind, Row, Value},
};
use statements::{
    DISCARD, DUE, FAIL, HANDLED_POSTGRES, HANDLED_SQLITE, POISON, POISONED, POSTPONE, REVIVE,
    STANDINGS, TAKE_CALLED_POSTGRES, TAKE_CALLED_SQLITE, TAKE_POSTGRES, TAKE_SQLITE,
};

pub use carried::CarriedQueues;
pub use outbox::{Lot, Outbox};
pub use statements::{statements, statements_of_one};

/// Nobody else gets a message for so long after it was taken.
const INVISIBLE: time::Duration = time::Duration::seconds(30);
/// The pause after the first failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Characters of an error that are kept.
const LONGEST_ERROR: usize = 1000;

/// Messages in the table `work_messages`. Any number of processes may take from it.
#[derive(Clone)]
pub struct TableQueues {
    db: Db,
    clock: Arc<dyn Clock>,
    pauses: bool,
}

impl TableQueues {
    /// In the database of the log.
    #[must_use]
    pub fn new(log_db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: log_db, clock, pauses: true }
    }

    /// What failed comes again at once, but not often: for those who try only when they are told to.
    #[must_use]
    pub fn without_pauses(self) -> Self {
        Self { pauses: false, ..self }
    }

    async fn try_take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>, DbError> {
        let take = match &self.db {
            Db::Postgres { .. } => TAKE_POSTGRES,
            Db::Sqlite { .. } => TAKE_SQLITE,
        };
        let now = self.clock.now();
        // An empty queue must not cost a turn of the connection that writes.
        let Some(oldest) = self.oldest(queue).await? else { return Ok(vec![]) };
        let (tries, most) = if oldest.bool("tried")? {
            (i64::MAX, 1)
        } else {
            (0, i64::try_from(most).unwrap_or(i64::MAX))
        };
        let values = [
            queue.name().into(),
            now.into(),
            now.plus(INVISIBLE).into(),
            tries.into(),
            most.into(),
        ];
        self.taken(queue, take, &values).await
    }

    /// The oldest message that is due.
    async fn oldest(&self, queue: WorkQueue) -> Result<Option<Row>, DbError> {
        self.db.fetch_one(DUE, &[queue.name().into(), self.clock.now().into()]).await
    }

    /// Whether a message of a queue is due, wherever it is.
    ///
    /// # Errors
    /// Unavailable, if the table can't be reached.
    pub async fn is_due(&self, queue: WorkQueue) -> Result<bool> {
        Ok(self.oldest(queue).await.map_err(unavailable)?.is_some())
    }

    /// Of these messages, those that are due.
    pub(super) async fn take_called(
        &self,
        queue: WorkQueue,
        ids: Vec<String>,
    ) -> Result<Vec<Taken>> {
        let take = match &self.db {
            Db::Postgres { .. } => TAKE_CALLED_POSTGRES,
            Db::Sqlite { .. } => TAKE_CALLED_SQLITE,
        };
        let now = self.clock.now();
        let ids = Value::Json(serde_json::Value::from(ids).to_string());
        let values = [queue.name().into(), now.into(), now.plus(INVISIBLE).into(), ids];
        let taken = self.taken(queue, take, &values).await.map_err(unavailable)?;
        let (lost, taken): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|taken| self.is_lost(taken));
        for lost in &lost {
            self.give_up(lost).await?;
        }
        Ok(taken)
    }

    async fn taken(
        &self,
        queue: WorkQueue,
        take: &'static str,
        values: &[Value],
    ) -> Result<Vec<Taken>, DbError> {
        let mut tx = self.db.begin().await?;
        let rows = tx.fetch(take, values).await?;
        tx.commit().await?;
        let mut all: Vec<Taken> =
            rows.iter().map(|row| taken(queue, row)).collect::<Result<_, _>>()?;
        all.sort_by_key(|taken| (taken.tries > 1, taken.receipt));
        Ok(all)
    }

    /// Whoever took it never came back, time after time: it may be what ends them.
    fn is_lost(&self, taken: &Taken) -> bool {
        taken.tries > self.patience(taken.message.queue).tries
    }

    async fn give_up(&self, lost: &Taken) -> Result<()> {
        let tries = self.patience(lost.message.queue).tries;
        let why = format!("it was taken {tries} times, and nothing was heard of it again");
        self.poison(lost, &why).await.map_err(unavailable)?;
        Ok(())
    }

    async fn poison(&self, taken: &Taken, why: &str) -> Result<bool, DbError> {
        let values =
            [number(taken), taken.tries.into(), shortened(why).into(), self.clock.now().into()];
        Ok(self.db.execute(POISON, &values).await? == 1)
    }

    fn patience(&self, queue: WorkQueue) -> Patience {
        if self.pauses { queue.patience() } else { Patience::SHORT }
    }

    /// When a message that failed so often comes again. What failed together must not come again
    /// together, hence the randomness.
    fn next_try(&self, queue: WorkQueue, tries: u32) -> Value {
        if !self.pauses {
            return Value::Null(Kind::Time);
        }
        let full = self.patience(queue).rest(FIRST_PAUSE, tries);
        let pause = time::Duration::try_from(cut(full)).unwrap_or(time::Duration::MINUTE);
        self.clock.now().plus(pause).into()
    }
}

fn shortened(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(LONGEST_ERROR).collect()
}

fn numbers(all: Vec<u64>) -> Value {
    Value::Json(serde_json::Value::from(all).to_string())
}

/// The receipt is the number of the row.
fn number(taken: &Taken) -> Value {
    taken.receipt.into()
}

fn taken(queue: WorkQueue, row: &Row) -> Result<Taken, DbError> {
    let tries = u32::try_from(row.int("tries")?).unwrap_or(u32::MAX);
    let message =
        WorkMessage { id: row.text("id")?, queue, body: row.text("body")?, subject: None };
    Ok(Taken { message, tries, receipt: row.count("number")? })
}

/// What the table says of itself must not read like a failure of read models.
fn unavailable(error: DbError) -> Error {
    if error.is_outage() {
        tracing::warn!(%error, "the queues of work could not be reached");
        Error::unavailable("the queues of work are unavailable")
    } else {
        Error::unexpected(error)
    }
}

#[async_trait]
impl WorkQueues for TableQueues {
    async fn take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>> {
        loop {
            let all = self.try_take(queue, most).await.map_err(unavailable)?;
            let Some(lost) = all.iter().find(|taken| self.is_lost(taken)) else { return Ok(all) };
            self.give_up(lost).await?;
        }
    }

    async fn handled(&self, taken: &[Taken]) -> Result<()> {
        let delete = match &self.db {
            Db::Postgres { .. } => HANDLED_POSTGRES,
            Db::Sqlite { .. } => HANDLED_SQLITE,
        };
        let numbers = numbers(taken.iter().map(|taken| taken.receipt).collect());
        self.db.execute(delete, &[numbers]).await.map_err(unavailable)?;
        Ok(())
    }

    async fn failed(&self, taken: &Taken, why: &str) -> Result<Fate> {
        let queue = taken.message.queue;
        if taken.tries >= self.patience(queue).tries {
            self.poison(taken, why).await.map_err(unavailable)?;
            return Ok(Fate::Poison);
        }
        let next = self.next_try(queue, taken.tries);
        let values = [number(taken), taken.tries.into(), shortened(why).into(), next];
        self.db.execute(FAIL, &values).await.map_err(unavailable)?;
        Ok(Fate::Again)
    }

    async fn postponed(&self, taken: &Taken) -> Result<()> {
        let values = [number(taken), taken.tries.into(), self.next_try(taken.message.queue, 1)];
        self.db.execute(POSTPONE, &values).await.map_err(unavailable)?;
        Ok(())
    }

    async fn standings(&self) -> Result<Vec<QueueStanding>> {
        let rows = self.db.fetch(STANDINGS, &[]).await.map_err(unavailable)?;
        let standing = |queue: &WorkQueue| {
            let row = rows.iter().find(|row| row.text("queue").is_ok_and(|n| n == queue.name()));
            let count = |column| row.map_or(Ok(0), |row| row.count(column)).map_err(unavailable);
            Ok(QueueStanding {
                queue: *queue,
                waiting: count("waiting")?,
                poison: count("poison")?,
            })
        };
        WorkQueue::ALL.iter().map(standing).collect()
    }

    async fn poisoned(&self, queue: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        let rows = self.db.fetch(POISONED, &[queue.name().into()]).await.map_err(unavailable)?;
        let message = |row: &Row| {
            let message =
                WorkMessage { id: row.text("id")?, queue, body: row.text("body")?, subject: None };
            Ok((message, row.text("error")?))
        };
        rows.iter().map(message).collect::<Result<_, _>>().map_err(unavailable)
    }

    async fn revive(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        let values = [queue.name().into(), id.into()];
        Ok(self.db.execute(REVIVE, &values).await.map_err(unavailable)? == 1)
    }

    async fn discard(&self, queue: WorkQueue, id: &str) -> Result<bool> {
        let values = [queue.name().into(), id.into()];
        Ok(self.db.execute(DISCARD, &values).await.map_err(unavailable)? == 1)
    }
}
