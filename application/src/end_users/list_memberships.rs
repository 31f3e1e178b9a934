//! Lists where the caller is a member.

use domain::kernel::roles::{Feature, Role};
use serde::{Deserialize, Serialize};

use super::{END_USERS, MembershipView};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    search::{Rows, SearchMetadata, SearchOptions},
};

/// Lists where the caller is a member: everywhere, in the order in which it became one
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ListMembershipsForCaller {
    /// Which fields to fill; there is one page only.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// The answer of [`ListMembershipsForCaller`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ListMembershipsForCallerResponse {
    /// All of them.
    #[schema(value_type = Vec<MembershipView>)]
    pub memberships: Rows<MembershipView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

impl UseCase for ListMembershipsForCaller {
    const NAME: &'static str = "end_users.list_memberships";
    const POLICY: Policy =
        Policy::token().role(Role::PlatformStandard).with(Feature::PlatformBasic);
    const READS: &'static [&'static str] = &[END_USERS];
    type Output = ListMembershipsForCallerResponse;

    async fn run(self, app: &App, call: &Call) -> Result<ListMembershipsForCallerResponse> {
        let search = self.options.parse()?;
        let found = app.end_user_reads.memberships(&call.caller.id).await?;
        let memberships = found.ok_or_else(Error::not_found)?;
        let metadata = search.metadata(memberships.len() as u64);
        Ok(ListMembershipsForCallerResponse { memberships: search.rows(memberships), metadata })
    }
}
