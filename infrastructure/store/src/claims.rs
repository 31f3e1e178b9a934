//! Claims that nobody will ever give back.

use std::sync::Arc;

use application::ports::Clock;
use domain::kernel::Timestamp;
use tokio::sync::watch;

use crate::{
    backoff::pause,
    db::{Db, DbError, Value},
};

/// How many claims are looked at together, which is a few milliseconds.
const CHUNK: usize = 500;
/// The next claims of a kind, and whether the last event of their owners is old. Both keys serve it.
const NEXT: &str = "SELECT c.value AS value, CASE WHEN (SELECT e.recorded_at FROM events e \
        WHERE e.aggregate_type = c.aggregate_type AND e.aggregate_id = c.aggregate_id \
        ORDER BY e.sequence DESC LIMIT 1) < $3 THEN CAST(1 AS BIGINT) ELSE 0 END AS abandoned \
    FROM claims c WHERE c.scope = 'platform' AND c.kind = $1 AND c.value > $2 \
    ORDER BY c.value LIMIT 500";
/// The values come as one JSON array.
const RELEASE_POSTGRES: &str = "DELETE FROM claims WHERE scope = 'platform' AND kind = $1 \
    AND value IN (SELECT jsonb_array_elements_text($2))";
/// The same.
const RELEASE_SQLITE: &str = "DELETE FROM claims WHERE scope = 'platform' AND kind = $1 \
    AND value IN (SELECT value FROM json_each($2))";

/// Releases the claims of one kind whose owners had no event for so long that they never will have:
/// sessions that nobody ended. Bit by bit, round and round, so that nobody notices; any number of
/// processes may.
pub struct Sweep {
    db: Db,
    clock: Arc<dyn Clock>,
    kind: &'static str,
    after: time::Duration,
}

impl Sweep {
    /// Over the log's database: of this kind, `after` the last event of their owners.
    #[must_use]
    pub fn new(
        log_db: Db,
        clock: Arc<dyn Clock>,
        kind: &'static str,
        after: time::Duration,
    ) -> Self {
        Self { db: log_db, clock, kind, after }
    }

    /// Sweeps until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut from = String::new();
        while !*stop.borrow() {
            match self.step(&from).await {
                Ok(next) => from = next,
                Err(error) => tracing::warn!(%error, "abandoned claims wait to be released"),
            }
            pause(&mut stop).await;
        }
    }

    /// Looks at the claims after `from`; returns where to go on, empty for the beginning.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn step(&self, from: &str) -> Result<String, DbError> {
        let before: Timestamp = self.clock.now().plus(-self.after);
        let rows = self.db.fetch(NEXT, &[self.kind.into(), from.into(), before.into()]).await?;
        let (mut abandoned, mut last) = (vec![], String::new());
        for row in &rows {
            last = row.text("value")?;
            if row.int("abandoned")? == 1 {
                abandoned.push(last.clone());
            }
        }
        if !abandoned.is_empty() {
            let release = match &self.db {
                Db::Postgres { .. } => RELEASE_POSTGRES,
                Db::Sqlite { .. } => RELEASE_SQLITE,
            };
            let values = Value::Json(serde_json::Value::from(abandoned).to_string());
            let count = self.db.execute(release, &[self.kind.into(), values]).await?;
            tracing::debug!(kind = self.kind, count, "abandoned claims were released");
        }
        Ok(if rows.len() < CHUNK { String::new() } else { last })
    }
}
