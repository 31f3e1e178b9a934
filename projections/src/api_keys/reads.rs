//! Queries of API keys.

use application::{
    Error, Result,
    identities::api_keys::{ApiKeyReads, ApiKeyView},
    search::{Found, Search},
    wire_time::WireTime,
};
use async_trait::async_trait;
use domain::{
    identities::ApiKeyId,
    kernel::{Timestamp, UserId},
};
use store::db::{Db, DbError, Row};

use crate::search::{Source, page};

const UNEXPIRED: &str = "SELECT id FROM rm_api_keys_v1 \
     WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY position LIMIT 100";

const OWN: Source<'_> = Source {
    from: "rm_api_keys_v1 k LEFT JOIN api_key_uses u ON u.key_id = k.id",
    columns: "k.id AS id, k.user_id AS user_id, k.token AS token, k.description AS description, \
         k.expires_at AS expires_at, u.used_at AS used_at",
    filter: "k.user_id = $1",
    key: "k.id",
    sortable: &[
        ("LastPersistedAtUtc", "k.position"),
        ("Id", "k.id"),
        ("UserId", "k.user_id"),
        ("KeyToken", "k.token"),
        ("Key", "k.token"),
        ("Description", "k.description"),
        ("ExpiresOn", "k.expires_at"),
        ("ExpiresOnUtc", "k.expires_at"),
        ("RevokedOn", "k.revoked_at"),
        ("LastUsedOnUtc", "u.used_at"),
    ],
    complete: &[],
};

/// Answers from the tables of [`super::API_KEYS`], and from the notes of when keys were used.
#[derive(Clone, Debug)]
pub struct ApiKeyTables {
    db: Db,
}

impl ApiKeyTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl ApiKeyReads for ApiKeyTables {
    async fn keys(&self, user: &UserId, search: &Search) -> Result<Found<ApiKeyView>> {
        page(&self.db, &OWN, vec![user.as_str().into()], search, key).await
    }

    async fn unexpired(&self, user: &UserId, now: Timestamp) -> Result<Vec<ApiKeyId>> {
        let rows = self.db.fetch(UNEXPIRED, &[user.as_str().into(), now.into()]).await?;
        let id = |row: &Row| ApiKeyId::parse(&row.text("id")?).map_err(Error::unexpected);
        rows.iter().map(id).collect()
    }
}

fn key(row: &Row) -> Result<ApiKeyView, DbError> {
    Ok(ApiKeyView {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        description: row.opt_text("description")?,
        expires_on_utc: row.opt_time("expires_at")?.map(WireTime::from),
        key: row.text("token")?,
        last_used_on_utc: row.opt_time("used_at")?.map(WireTime::from),
    })
}
