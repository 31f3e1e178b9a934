//! Wrong passwords for addresses that nobody has.

use std::sync::Arc;

use application::{
    Result,
    ports::{Clock, Strangers},
};
use async_trait::async_trait;
use domain::{identities::WrongPasswords, kernel::Timestamp};

use crate::{
    db::{Db, Kind, Value},
    forgetting::Forgetting,
};

const FIND: &str =
    "SELECT in_a_row, tried_at, locked_until FROM strangers WHERE address_digest = $1";
/// Changes nothing if another one was counted meanwhile.
const NOTE: &str = "INSERT INTO strangers (address_digest, in_a_row, locked_until, tried_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (address_digest) DO UPDATE \
     SET in_a_row = excluded.in_a_row, locked_until = excluded.locked_until, \
     tried_at = excluded.tried_at WHERE strangers.in_a_row = $5 AND strangers.tried_at = $6";
const FORGET: &str = "DELETE FROM strangers WHERE tried_at < $1";

/// Every statement, so that a test can ask both engines.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![FIND, NOTE, FORGET]
}

/// Counts in the database of read models.
pub struct StrangerTable {
    db: Db,
    clock: Arc<dyn Clock>,
    forgetting: Forgetting,
}

impl StrangerTable {
    /// In this database.
    #[must_use]
    pub fn new(read: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: read, clock, forgetting: Forgetting::of(FORGET, WrongPasswords::COUNTED) }
    }

    /// Forgets all of them.
    ///
    /// # Errors
    /// If the database can't be written.
    #[cfg(feature = "testing-only")]
    pub async fn clear(&self) -> Result<()> {
        self.db.execute("DELETE FROM strangers", &[]).await?;
        Ok(())
    }
}

#[async_trait]
impl Strangers for StrangerTable {
    async fn wrong_passwords(&self, digest: &str) -> Result<WrongPasswords> {
        let Some(row) = self.db.fetch_one(FIND, &[digest.into()]).await? else {
            return Ok(WrongPasswords::default());
        };
        let in_a_row = u32::try_from(row.count("in_a_row")?).unwrap_or(u32::MAX);
        let (last, locked_until) = (row.opt_time("tried_at")?, row.opt_time("locked_until")?);
        Ok(WrongPasswords { in_a_row, last, locked_until })
    }

    async fn note(
        &self,
        digest: &str,
        before: &WrongPasswords,
        after: &WrongPasswords,
    ) -> Result<bool> {
        let time = |time: Option<Timestamp>| time.map_or(Value::Null(Kind::Time), Value::Time);
        let values = [
            digest.into(),
            i64::from(after.in_a_row).into(),
            time(after.locked_until),
            time(after.last),
            i64::from(before.in_a_row).into(),
            time(before.last),
        ];
        let noted = self.db.execute(NOTE, &values).await? == 1;
        self.forgetting.at(&self.db, self.clock.now()).await;
        Ok(noted)
    }
}
