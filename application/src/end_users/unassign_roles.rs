//! Takes roles of the platform from a user.

use domain::{end_users::EndUser, kernel::roles::Role};
use serde::Deserialize;

use super::{EndUserAnswer, roles::Change};
use crate::{App, Call, Policy, Result, UseCase};

/// Takes roles of the platform from a user; those that it does not hold are skipped
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct UnassignPlatformRoles {
    /// The user.
    #[schema(required)]
    pub id: Option<String>,
    /// Names of roles, at least one.
    #[schema(required)]
    pub roles: Option<Vec<String>>,
}

impl UseCase for UnassignPlatformRoles {
    const NAME: &'static str = "end_users.unassign_platform_roles";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    type Output = EndUserAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<EndUserAnswer> {
        let change = Change {
            code: "EndUser.PlatformRolesUnassigned",
            template: "User {0} took the platform roles {1} from user {2}",
            decide: EndUser::unassign_roles,
        };
        change.run(app, call, self.id.as_deref(), self.roles.as_deref()).await
    }
}
