//! Queries of audits.

use application::{
    Result,
    audits::{AuditReads, AuditView},
    search::{Found, Search},
    wire_time::WireTime,
};
use async_trait::async_trait;
use domain::kernel::{OrganizationId, Timestamp};
use store::db::{Db, DbError, Row};

use crate::search::{Source, page};

const ALL: Source<'_> = Source {
    from: "rm_audits_v1 a",
    columns: "a.id AS id, a.audit_code AS audit_code, a.against_id AS against_id, \
        a.organization_id AS organization_id, a.message_template AS message_template, \
        a.template_arguments AS template_arguments, a.created_at AS created_at",
    filter: "a.created_at > $1",
    key: "a.position",
    sortable: &[
        // An audit is written once.
        ("LastPersistedAtUtc", "a.created_at"),
        ("Created", "a.created_at"),
        ("Id", "a.id"),
        ("OrganizationId", "a.organization_id"),
        ("AuditCode", "a.audit_code"),
        ("AgainstId", "a.against_id"),
        ("MessageTemplate", "a.message_template"),
        ("HostRegion", "a.host_region"),
    ],
    complete: &[],
};

const OF_ORGANIZATION: Source<'_> =
    Source { filter: "a.created_at > $1 AND a.organization_id = $2", ..ALL };

/// Answers from the table of [`super::AUDITS`].
#[derive(Clone, Debug)]
pub struct AuditTables {
    db: Db,
}

impl AuditTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl AuditReads for AuditTables {
    async fn audits(
        &self,
        organization: Option<&OrganizationId>,
        since: Timestamp,
        search: &Search,
    ) -> Result<Found<AuditView>> {
        match organization {
            None => page(&self.db, &ALL, vec![since.into()], search, audit).await,
            Some(organization) => {
                let values = vec![since.into(), organization.as_str().into()];
                page(&self.db, &OF_ORGANIZATION, values, search, audit).await
            }
        }
    }
}

fn audit(row: &Row) -> Result<AuditView, DbError> {
    Ok(AuditView {
        id: row.text("id")?,
        audit_code: row.text("audit_code")?,
        against_id: row.opt_text("against_id")?,
        organization_id: row.opt_text("organization_id")?,
        message_template: row.text("message_template")?,
        template_arguments: row.json("template_arguments")?,
        created: WireTime::from(row.time("created_at")?),
    })
}
