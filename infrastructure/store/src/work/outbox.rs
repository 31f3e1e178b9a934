//! From the table to a broker, which only tells takers what there is: a message stays in the table
//! until it is done, so that a broker that loses it is given it again.

use std::sync::Arc;

use application::ports::{Clock, DueWork, WorkMessage, WorkQueue};

use super::statements::{
    CARRIED, CARRY_POSTGRES, CARRY_SQLITE, MISSED, NOT_CARRIED_POSTGRES, NOT_CARRIED_SQLITE,
    TO_CARRY,
};
use crate::db::{Db, DbError, Row, Value};

/// A broker that has had a message for less says nothing by not having it: it may be on its way
/// there, or from there to the table.
const ON_ITS_WAY: time::Duration = time::Duration::seconds(15);

/// The messages that are to be given to the broker.
#[derive(Clone)]
pub struct Outbox {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// Messages that are marked as given to the broker.
#[derive(Debug, Default)]
pub struct Lot {
    /// Oldest first.
    pub work: Vec<DueWork>,
    numbers: Vec<u64>,
}

impl Outbox {
    /// In the database of the log.
    #[must_use]
    pub fn new(log_db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: log_db, clock }
    }

    /// The oldest messages of all queues that are due, up to `most`. Those of a queue that this
    /// binary does not know stay where they are.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn lot(&self, most: u32) -> Result<Lot, DbError> {
        let carry = match &self.db {
            Db::Postgres { .. } => CARRY_POSTGRES,
            Db::Sqlite { .. } => CARRY_SQLITE,
        };
        let now: Value = self.clock.now().into();
        // Nothing to do must not cost a transaction.
        if self.db.fetch_one(TO_CARRY, std::slice::from_ref(&now)).await?.is_none() {
            return Ok(Lot::default());
        }
        let names: Vec<&str> = WorkQueue::ALL.iter().map(|queue| queue.name()).collect();
        let names = Value::Json(serde_json::Value::from(names).to_string());
        let mut tx = self.db.begin().await?;
        let rows = tx.fetch(carry, &[now, names, most.into()]).await?;
        tx.commit().await?;
        let mut due: Vec<(u64, DueWork)> =
            rows.iter().filter_map(|row| due(row).transpose()).collect::<Result<_, _>>()?;
        due.sort_by_key(|(number, _)| *number);
        let (numbers, work) = due.into_iter().unzip();
        Ok(Lot { work, numbers })
    }

    /// The broker did not confirm a lot: it is given it again.
    ///
    /// # Errors
    /// [`DbError`]; the lot is missed later then.
    pub async fn back(&self, lot: &Lot) -> Result<(), DbError> {
        let statement = match &self.db {
            Db::Postgres { .. } => NOT_CARRIED_POSTGRES,
            Db::Sqlite { .. } => NOT_CARRIED_SQLITE,
        };
        self.db.execute(statement, &[super::numbers(lot.numbers.clone())]).await?;
        Ok(())
    }

    /// How many messages of each queue a broker that loses nothing holds at least, or has just given
    /// away, as of now.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn carried(&self) -> Result<Vec<(WorkQueue, u64)>, DbError> {
        let rows = self.db.fetch(CARRIED, &[self.long_ago()]).await?;
        let mut all = vec![];
        for row in rows {
            if let Some(queue) = WorkQueue::named(&row.text("queue")?) {
                all.push((queue, row.count("messages")?));
            }
        }
        Ok(all)
    }

    /// So many of a queue are not on the broker any more: the oldest are given to it again.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn missed(&self, queue: WorkQueue, messages: u64) -> Result<(), DbError> {
        let values = [queue.name().into(), self.long_ago(), messages.into()];
        self.db.execute(MISSED, &values).await?;
        Ok(())
    }

    fn long_ago(&self) -> Value {
        self.clock.now().plus(-ON_ITS_WAY).into()
    }
}

fn due(row: &Row) -> Result<Option<(u64, DueWork)>, DbError> {
    let Some(queue) = WorkQueue::named(&row.text("queue")?) else { return Ok(None) };
    let message =
        WorkMessage { id: row.text("id")?, queue, body: row.text("body")?, subject: None };
    let tries = u32::try_from(row.int("tries")?).unwrap_or(u32::MAX);
    Ok(Some((row.count("number")?, DueWork { message, tries })))
}
