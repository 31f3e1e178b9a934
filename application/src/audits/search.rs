//! Looking at audits.

use domain::kernel::{OrganizationId, roles::Role};
use serde::Deserialize;
use time::Duration;

use super::{AUDITS, SearchAllAuditsResponse};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{RawDate, id, parse_all},
    search::SearchOptions,
};

/// How far back a search looks that does not say.
const RECENT: Duration = Duration::days(14);

/// Lists audits, the oldest first
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchAllAudits {
    /// Only those stored after this time, UTC; 14 days ago if absent.
    pub since_utc: Option<RawDate>,
    /// Only those of this organization.
    pub organization_id: Option<String>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

impl UseCase for SearchAllAudits {
    const NAME: &'static str = "audits.search";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    const READS: &'static [&'static str] = &[AUDITS];
    type Output = SearchAllAuditsResponse;

    async fn run(self, app: &App, _: &Call) -> Result<SearchAllAuditsResponse> {
        let organization = self.organization_id.as_deref().filter(|text| !text.is_empty());
        let organization = organization
            .map(|text| id("organizationId", Some(text), OrganizationId::parse))
            .transpose();
        let (organization,) = parse_all((organization,))?;
        let search = self.options.parse()?;
        let since = self.since_utc.as_ref().and_then(RawDate::read);
        let since = since.unwrap_or_else(|| app.clock.now().plus(-RECENT));
        let found = app.audit_reads.audits(organization.as_ref(), since, &search).await?;
        Ok(SearchAllAuditsResponse { audits: found.rows, metadata: search.metadata(found.total) })
    }
}
