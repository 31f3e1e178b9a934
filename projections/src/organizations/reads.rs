//! Queries of organizations.

use application::{
    Result,
    organizations::{OrganizationReads, OrganizationView},
};
use async_trait::async_trait;
use domain::kernel::OrganizationId;
use store::db::{Db, DbError, Row};

const ONE: &str = "SELECT id, name, ownership, created_by_id, version FROM rm_organizations_v2 \
     WHERE id = $1";

/// Answers from the table of [`super::ORGANIZATIONS`].
#[derive(Clone, Debug)]
pub struct OrganizationTables {
    db: Db,
}

impl OrganizationTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl OrganizationReads for OrganizationTables {
    async fn organization(&self, id: &OrganizationId) -> Result<Option<(OrganizationView, u64)>> {
        let row = self.db.fetch_one(ONE, &[id.as_str().into()]).await?;
        let read = |row: Row| Ok::<_, DbError>((organization(&row)?, row.count("version")?));
        Ok(row.map(read).transpose()?)
    }
}

fn organization(row: &Row) -> Result<OrganizationView, DbError> {
    Ok(OrganizationView {
        id: row.text("id")?,
        name: row.text("name")?,
        created_by_id: row.text("created_by_id")?,
        ownership: row.text("ownership")?,
    })
}
