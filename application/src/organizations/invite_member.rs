//! Invites somebody to an organization.

use domain::{
    kernel::{
        EmailAddress, OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::Invited,
};
use serde::Deserialize;
use serde_json::Value;

use super::OrganizationAnswer;
use crate::{
    App, Call, Policy, Result, UseCase,
    error::FieldError,
    input::{Field, email, id, parse_all},
};

/// Invites somebody to an organization that the caller owns: a user, or whoever has an e-mail
/// address
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InviteMemberToOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// The address of somebody; either this or the user.
    pub email: Option<String>,
    /// The user; either this or an address.
    pub user_id: Option<String>,
}

impl UseCase for InviteMemberToOrganization {
    const NAME: &'static str = "organizations.invite_member";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantOwner).with(Feature::PlatformPaidTrial);
    type Output = OrganizationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<OrganizationAnswer> {
        let (id, guest) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            guest(self.email.as_deref(), self.user_id.as_deref()),
        ))?;
        let invited = match guest {
            Guest::User(user) => Invited::User(user),
            Guest::Address(email) => {
                let mailbox = app.mailbox(&email);
                Invited::Address { email, mailbox }
            }
        };
        let invite =
            |it: &domain::organizations::Organization| it.invite(&call.caller.id, invited.clone());
        let organization = app.organizations.change(call, id.as_str(), invite).await?;
        Ok(OrganizationAnswer::from(&organization))
    }
}

enum Guest {
    User(UserId),
    Address(EmailAddress),
}

/// Exactly one of both.
fn guest(address: Option<&str>, user: Option<&str>) -> Field<Guest> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    match (given(address), given(user)) {
        (Some(_), None) => email("email", address).map(Guest::Address),
        (None, Some(_)) => id("userId", user, UserId::parse).map(Guest::User),
        (None, None) => Err(FieldError {
            reason: "Either 'Email' or 'User Id' must not be empty.".to_owned(),
            rule: "NotEmptyValidator",
            value: None,
        }),
        (Some(_), Some(user)) => Err(FieldError {
            reason: "Only one of 'Email' and 'User Id' can be given.".to_owned(),
            rule: "PredicateValidator",
            value: Some(Value::from(user)),
        }),
    }
}
