//! Gives a user roles of the platform.

use domain::{end_users::EndUser, kernel::roles::Role};
use serde::Deserialize;

use super::{EndUserAnswer, roles::Change};
use crate::{App, Call, Policy, Result, UseCase};

/// Gives a user roles of the platform; those that it holds already are skipped
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct AssignPlatformRoles {
    /// The user.
    #[schema(required)]
    pub id: Option<String>,
    /// Names of roles, at least one.
    #[schema(required)]
    pub roles: Option<Vec<String>>,
}

impl UseCase for AssignPlatformRoles {
    const NAME: &'static str = "end_users.assign_platform_roles";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    type Output = EndUserAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<EndUserAnswer> {
        let change = Change {
            code: "EndUser.PlatformRolesAssigned",
            template: "User {0} gave the platform roles {1} to user {2}",
            decide: EndUser::assign_roles,
        };
        change.run(app, call, self.id.as_deref(), self.roles.as_deref()).await
    }
}
