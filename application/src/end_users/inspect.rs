//! Looks at an end user, on behalf of another host.

use domain::kernel::UserId;
use serde::{Deserialize, Serialize};

use super::{END_USERS, EndUserWithMemberships};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Looks at a user and where it is a member
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetUserPrivate {
    /// The user.
    #[schema(required)]
    pub id: Option<String>,
}

/// The answer of [`GetUserPrivate`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct GetUserPrivateResponse {
    /// The user.
    pub user: EndUserWithMemberships,
}

impl UseCase for GetUserPrivate {
    const NAME: &'static str = "end_users.get_private";
    const POLICY: Policy = Policy::inter_host();
    const READS: &'static [&'static str] = &[END_USERS];
    type Output = GetUserPrivateResponse;

    async fn run(self, app: &App, call: &Call) -> Result<GetUserPrivateResponse> {
        let (id,) = parse_all((id("id", self.id.as_deref(), UserId::parse),))?;
        let found = app.end_user_reads.user(&id).await?;
        let (user, version) = found.ok_or_else(Error::not_found)?;
        call.read_version(version);
        Ok(GetUserPrivateResponse { user })
    }
}
