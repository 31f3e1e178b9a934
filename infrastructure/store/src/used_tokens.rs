//! Access tokens that were used while they were new.

use std::sync::Arc;

use application::{
    Result,
    ports::{Clock, UsedTokens},
};
use async_trait::async_trait;
use time::Duration;

use crate::{db::Db, forgetting::Forgetting};

/// How long a note is kept: longer than any token is new, by any clock.
const KEPT: Duration = Duration::minutes(15);

const NOTE: &str = "INSERT INTO used_access_tokens (id, used_at) VALUES ($1, $2) \
     ON CONFLICT (id) DO NOTHING";
const FIND: &str = "SELECT id FROM used_access_tokens WHERE id = $1";
const FORGET: &str = "DELETE FROM used_access_tokens WHERE used_at < $1";

/// Every statement, so that a test can ask both engines.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![NOTE, FIND, FORGET]
}

/// Notes in the database of read models.
pub struct UsedTokenTable {
    db: Db,
    clock: Arc<dyn Clock>,
    forgetting: Forgetting,
}

impl UsedTokenTable {
    /// In this database.
    #[must_use]
    pub fn new(read: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: read, clock, forgetting: Forgetting::of(FORGET, KEPT) }
    }
}

#[async_trait]
impl UsedTokens for UsedTokenTable {
    async fn note(&self, id: &str) -> Result<()> {
        let now = self.clock.now();
        self.db.execute(NOTE, &[id.into(), now.into()]).await?;
        self.forgetting.at(&self.db, now).await;
        Ok(())
    }

    async fn any(&self, ids: &[String]) -> Result<bool> {
        for id in ids {
            if self.db.fetch_one(FIND, &[id.as_str().into()]).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
