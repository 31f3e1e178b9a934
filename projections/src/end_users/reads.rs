//! Queries of end users.

use application::{
    Result,
    end_users::{
        EndUserReads, EndUserView, EndUserWithMemberships, Member, MembershipView, feature_names,
        role_names,
    },
    search::{Found, Search},
};
use async_trait::async_trait;
use domain::kernel::{FeatureSet, OrganizationId, RoleSet, UserId, roles::Role};
use store::db::{Db, DbError, Row};

use super::tables::role_column;
use crate::search::{Source, page, statements};

const ONE: &str = "SELECT id, access, status, classification, features, version FROM rm_end_users_v3 \
     WHERE id = $1";

const ROLES: &str =
    "SELECT role FROM rm_end_user_roles_v3 WHERE user_id = $1 ORDER BY position, id";

const KNOWN: &str = "SELECT id FROM rm_end_users_v3 WHERE id = $1";

const MEMBERSHIPS: &str = "SELECT id, user_id, organization_id, ownership, is_default, \
     tenant_billing_admin, tenant_owner, tenant_member, tenant_other, features \
     FROM rm_memberships_v3 WHERE user_id = $1 ORDER BY position, id";

/// An index serves each order, so that what others tell of a member is looked up for the rows of the
/// page alone.
const MEMBERS: Source<'_> = Source {
    from: "rm_memberships_v3 m",
    columns: "m.id AS id, m.user_id AS user_id, m.organization_id AS organization_id, \
         m.ownership AS ownership, m.is_default AS is_default, \
         m.tenant_billing_admin AS tenant_billing_admin, m.tenant_owner AS tenant_owner, \
         m.tenant_member AS tenant_member, m.tenant_other AS tenant_other, \
         m.features AS features, \
         (SELECT u.status FROM rm_end_users_v3 u WHERE u.id = m.user_id) AS status, \
         (SELECT g.email_address FROM rm_guests_v3 g WHERE g.id = m.user_id) AS invited_at",
    filter: "m.organization_id = $1",
    key: "m.id",
    sortable: &[
        ("LastPersistedAtUtc", "m.position"),
        ("Id", "m.id"),
        ("UserId", "m.user_id"),
        ("IsDefault", "m.is_default"),
        ("IsOwner", "m.tenant_owner"),
    ],
    complete: &["m.position", "m.user_id", "m.is_default", "m.tenant_owner"],
};

/// The statement of a page of members in every order that callers may wish for, each by its name and
/// direction, so that a test can ask both engines how they find it. Its values are the organization,
/// how many, and behind how many.
#[must_use]
pub fn pages_of_members() -> Vec<(String, String)> {
    statements(&MEMBERS, 1)
}

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
        let memberships = self.memberships(id).await?.unwrap_or_default();
        let user = EndUserWithMemberships { user: user(&row, &roles)?, memberships };
        Ok(Some((user, row.count("version")?)))
    }

    async fn memberships(&self, id: &UserId) -> Result<Option<Vec<MembershipView>>> {
        let values = [id.as_str().into()];
        let rows = self.db.fetch(MEMBERSHIPS, &values).await?;
        // Nearly everybody is a member somewhere.
        if rows.is_empty() && self.db.fetch_one(KNOWN, &values).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(rows.iter().map(membership).collect::<Result<_, _>>()?))
    }

    async fn members(
        &self,
        organization: &OrganizationId,
        search: &Search,
    ) -> Result<Found<Member>> {
        page(&self.db, &MEMBERS, vec![organization.as_str().into()], search, member).await
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
        roles: role_names(&tenant_roles(row)?),
        features: feature_names(&row.json::<FeatureSet>("features")?),
    })
}

fn tenant_roles(row: &Row) -> Result<RoleSet, DbError> {
    let mut held = RoleSet::default();
    for role in Role::ALL.iter().copied().filter(|role| role.is_tenant()) {
        if row.bool(role_column(role))? {
            held = held.with(role);
        }
    }
    Ok(held)
}

fn member(row: &Row) -> Result<Member, DbError> {
    Ok(Member {
        membership: membership(row)?,
        status: row.opt_text("status")?.unwrap_or_default(),
        invited_at: row.opt_text("invited_at")?,
    })
}
