//! From the table to a broker.

use application::ports::{WorkMessage, WorkQueue};

use super::statements::{PENDING, SENT_POSTGRES, SENT_SQLITE};
use crate::db::{Db, DbError, Value};

/// The messages that were enqueued and not moved yet. One relay at a time empties it; two would
/// send twice, which receivers notice by the ids.
#[derive(Clone, Debug)]
pub struct Outbox(Db);

impl Outbox {
    /// In the database of the log.
    #[must_use]
    pub fn new(log_db: Db) -> Self {
        Self(log_db)
    }

    /// The oldest messages of all queues, up to `limit`. Those of a queue that this binary does
    /// not know stay where they are.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn pending(&self, limit: u32) -> Result<Vec<WorkMessage>, DbError> {
        let mut pending = vec![];
        for row in self.0.fetch(PENDING, &[limit.into()]).await? {
            if let Some(queue) = WorkQueue::named(&row.text("queue")?) {
                pending.push(WorkMessage {
                    id: row.text("id")?,
                    queue,
                    body: row.text("body")?,
                    subject: None,
                });
            }
        }
        Ok(pending)
    }

    /// Forgets what the broker has confirmed.
    ///
    /// # Errors
    /// [`DbError`]; they are sent again then.
    pub async fn sent(&self, ids: &[String]) -> Result<(), DbError> {
        let ids = serde_json::Value::from(ids).to_string();
        let delete = match &self.0 {
            Db::Postgres { .. } => SENT_POSTGRES,
            Db::Sqlite { .. } => SENT_SQLITE,
        };
        self.0.execute(delete, &[Value::Json(ids)]).await?;
        Ok(())
    }
}
