//! Queries of end users.

use application::{
    Result,
    end_users::{
        EndUserReads, EndUserView, EndUserWithMemberships, MembershipView, feature_names,
        role_names,
    },
};
use async_trait::async_trait;
use domain::kernel::{FeatureSet, RoleSet, UserId, roles::Role};
use store::db::{Db, DbError, Row};

const ONE: &str = "SELECT id, access, status, classification, features, version FROM rm_end_users_v1 \
     WHERE id = $1";

const ROLES: &str =
    "SELECT role FROM rm_end_user_roles_v1 WHERE user_id = $1 ORDER BY position, id";

const MEMBERSHIPS: &str = "SELECT id, user_id, organization_id, ownership, is_default, roles, \
     features FROM rm_memberships_v1 WHERE user_id = $1 ORDER BY position, id";

/// Answers from the tables of [`super::END_USERS`].
#[derive(Clone, Debug)]
pub struct EndUserTables {
    db: Db,
}

impl EndUserTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl EndUserReads for EndUserTables {
    async fn user(&self, id: &UserId) -> Result<Option<(EndUserWithMemberships, u64)>> {
        let values = [id.as_str().into()];
        let Some(row) = self.db.fetch_one(ONE, &values).await? else { return Ok(None) };
        let roles = self.db.fetch(ROLES, &values).await?;
        let roles = roles.iter().map(|row| row.text("role")).collect::<Result<Vec<_>, _>>()?;
        let roles: RoleSet = roles.iter().filter_map(|name| Role::parse(name)).collect();
        let memberships = self.db.fetch(MEMBERSHIPS, &values).await?;
        let memberships = memberships.iter().map(membership).collect::<Result<_, _>>()?;
        let user = EndUserWithMemberships { user: user(&row, &roles)?, memberships };
        Ok(Some((user, row.count("version")?)))
    }
}

fn user(row: &Row, roles: &RoleSet) -> Result<EndUserView, DbError> {
    Ok(EndUserView {
        id: row.text("id")?,
        access: row.text("access")?,
        status: row.text("status")?,
        classification: row.text("classification")?,
        roles: role_names(roles),
        features: feature_names(&row.json::<FeatureSet>("features")?),
    })
}

fn membership(row: &Row) -> Result<MembershipView, DbError> {
    Ok(MembershipView {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        organization_id: row.text("organization_id")?,
        ownership: row.text("ownership")?,
        is_default: row.bool("is_default")?,
        roles: role_names(&row.json::<RoleSet>("roles")?),
        features: feature_names(&row.json::<FeatureSet>("features")?),
    })
}
