//! The table of signing keys.

use application::{
    Error, Result,
    ports::{SigningKeyStore, StoredSigningKey},
};
use async_trait::async_trait;

use crate::db::{Db, Value};

const ALL: &str = "SELECT number, kid, wrapped, created_at FROM signing_keys ORDER BY number";
const ADD: &str = "INSERT INTO signing_keys (number, kid, wrapped, created_at)
    VALUES ($1, $2, $3, $4) ON CONFLICT (number) DO NOTHING";
const REMOVE: &str = "DELETE FROM signing_keys WHERE number = $1";

/// Signing keys in the database for keys.
#[derive(Clone, Debug)]
pub struct SigningKeys(Db);

impl SigningKeys {
    /// In this database.
    #[must_use]
    pub fn new(keys: Db) -> Self {
        Self(keys)
    }
}

#[async_trait]
impl SigningKeyStore for SigningKeys {
    async fn all(&self) -> Result<Vec<StoredSigningKey>> {
        let rows = self.0.fetch(ALL, &[]).await?;
        let key = |row: &crate::db::Row| -> Result<StoredSigningKey> {
            Ok(StoredSigningKey {
                number: u32::try_from(row.int("number")?).map_err(Error::unexpected)?,
                kid: row.text("kid")?,
                wrapped: row.text("wrapped")?,
                created_at: row.time("created_at")?,
            })
        };
        rows.iter().map(key).collect()
    }

    async fn add(&self, key: &StoredSigningKey) -> Result<()> {
        let values = [
            key.number.into(),
            key.kid.as_str().into(),
            key.wrapped.as_str().into(),
            Value::from(key.created_at),
        ];
        self.0.execute(ADD, &values).await?;
        Ok(())
    }

    async fn remove(&self, number: u32) -> Result<()> {
        self.0.execute(REMOVE, &[number.into()]).await?;
        Ok(())
    }
}
