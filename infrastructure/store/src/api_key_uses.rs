//! When API keys were used.

use application::{
    Result,
    ports::{ApiKeyUse, ApiKeyUses},
};
use async_trait::async_trait;
use domain::{
    identities::ApiKeyId,
    kernel::{Timestamp, UserId},
};
use time::Duration;

use crate::db::Db;

/// How long nobody is told of the use of a key again.
const QUIET: Duration = Duration::minutes(10);

/// Changes nothing if another request of the same minute, or of a later one, was noted: hosts note
/// out of order.
const NOTE: &str = "INSERT INTO api_key_uses (key_id, used_at, user_id) VALUES ($1, $2, $3) \
     ON CONFLICT (key_id) DO UPDATE SET used_at = excluded.used_at, user_id = excluded.user_id \
     WHERE api_key_uses.used_at < excluded.used_at";
/// Changes nothing if somebody told of it lately.
const TELL: &str = "UPDATE api_key_uses SET told_at = $2 WHERE key_id = $1 \
     AND (told_at IS NULL OR told_at <= $3)";
const FORGET: &str = "DELETE FROM api_key_uses WHERE key_id = $1";
const FORGET_ALL: &str = "DELETE FROM api_key_uses WHERE user_id = $1";

/// Every statement, so that a test can ask both engines.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![NOTE, TELL, FORGET, FORGET_ALL]
}

/// Notes in the database of read models.
#[derive(Clone, Debug)]
pub struct ApiKeyUseTable(Db);

impl ApiKeyUseTable {
    /// In this database.
    #[must_use]
    pub fn new(read: Db) -> Self {
        Self(read)
    }
}

#[async_trait]
impl ApiKeyUses for ApiKeyUseTable {
    async fn note(&self, mut uses: Vec<ApiKeyUse>) -> Result<Vec<ApiKeyUse>> {
        // Hosts that note the same keys at once wait for each other in the same order.
        uses.sort_by(|a, b| a.key.cmp(&b.key));
        let mut untold = vec![];
        let mut tx = self.0.begin().await?;
        for used in uses {
            let (key, at) = (used.key.as_str(), used.at);
            let values = [key.into(), minute(at).into(), used.user.as_str().into()];
            if tx.execute(NOTE, &values).await? == 0 {
                continue;
            }
            let before = at.plus(-QUIET);
            if tx.execute(TELL, &[key.into(), at.into(), before.into()]).await? == 1 {
                untold.push(used);
            }
        }
        tx.commit().await?;
        Ok(untold)
    }

    async fn forget(&self, key: &ApiKeyId) -> Result<()> {
        self.0.execute(FORGET, &[key.as_str().into()]).await?;
        Ok(())
    }

    async fn forget_all(&self, user: &UserId) -> Result<()> {
        self.0.execute(FORGET_ALL, &[user.as_str().into()]).await?;
        Ok(())
    }
}

/// The minute that a point in time is in.
fn minute(at: Timestamp) -> Timestamp {
    Timestamp::new(at.get().truncate_to_minute())
}
