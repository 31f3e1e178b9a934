//! Gives a user roles of the platform.

use domain::kernel::{UserId, roles::Role};
use serde::Deserialize;

use super::{EndUserAnswer, roles::parse_with_roles};
use crate::{App, Call, Policy, Result, UseCase, ports::Audited};

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
        let (id, roles) = parse_with_roles(self.id.as_deref(), self.roles.as_deref())?;
        // What the token says may be outdated.
        let by = app.end_users.load(call, call.caller.id.as_str()).await?.state;
        audit(app, call, &id, &roles)?;
        let user =
            app.end_users.change(call, id.as_str(), |user| user.assign_roles(&roles, &by)).await?;
        Ok(EndUserAnswer::from(&user))
    }
}

fn audit(app: &App, call: &Call, user: &UserId, roles: &[Role]) -> Result<()> {
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    app.audit(
        call,
        &Audited {
            code: "EndUser.PlatformRolesAssigned",
            against: Some(user),
            template: "User {0} gave the platform roles {1} to user {2}",
            arguments: &[call.caller.id.as_str(), &names.join(", "), user.as_str()],
        },
    )
}
