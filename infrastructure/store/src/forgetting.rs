//! Rows that matter for a while only.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::kernel::Timestamp;
use time::Duration;

use crate::db::Db;

/// Removes what is too old to matter, along the way: once a minute, by whoever writes.
pub(crate) struct Forgetting {
    statement: &'static str,
    kept: Duration,
    /// The minute in which this process last did so, since 1970.
    last: AtomicI64,
}

impl Forgetting {
    /// With a statement that takes the age from which rows matter.
    pub fn of(statement: &'static str, kept: Duration) -> Self {
        Self { statement, kept, last: AtomicI64::new(0) }
    }

    /// What could not be forgotten is next time.
    pub async fn at(&self, db: &Db, now: Timestamp) {
        let minute = now.get().unix_timestamp().div_euclid(60);
        if self.last.swap(minute, Ordering::Relaxed) != minute
            && let Err(error) = db.execute(self.statement, &[now.plus(-self.kept).into()]).await
        {
            tracing::warn!(%error, statement = self.statement, "old rows wait to be forgotten");
        }
    }
}
