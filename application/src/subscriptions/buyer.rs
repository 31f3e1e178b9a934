//! Who pays, and who may decide about it.

use domain::{
    end_users::{Access, Classification, EndUser},
    kernel::{OrganizationId, RoleSet, UserId, roles::Role},
    organizations::Organization,
    subscriptions::Standing,
};

use crate::{App, Call, Error, Loaded, Result, Staged, ports::Buyer};

/// What a provider is told of somebody who pays; `None` if there is no profile so far.
///
/// # Errors
/// Unavailable.
pub async fn buyer(
    app: &App,
    call: &Call,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<Option<Buyer>> {
    let Some(profile) = app.user_profiles.find(call, &user.twin("profile")).await? else {
        return Ok(None);
    };
    let profile = profile.state;
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Ok(Some(Buyer {
        id: user.clone(),
        organization: organization.clone(),
        name: profile.name().clone(),
        email: profile.email().and_then(|email| text(email.as_str())),
        phone: profile.phone().and_then(text),
        address: profile.address().clone(),
    }))
}

/// As [`buyer`], of somebody who must have a profile.
///
/// # Errors
/// Rule, if there is none; unavailable.
pub(super) async fn known_buyer(
    app: &App,
    call: &Call,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<Buyer> {
    buyer(app, call, user, organization).await?.ok_or_else(|| {
        let why = "the new buyer has no profile";
        Error::refused(domain::kernel::ErrorKind::Rule, "subscription_no_profile", why)
    })
}

/// What somebody is in an organization now, whatever its tokens say. Only persons who may sign in
/// can decide about money. The organization decides about roles, and users are told of that later;
/// so it counts what both have.
///
/// # Errors
/// Unavailable.
pub(super) async fn standing(
    app: &App,
    call: &Call,
    user: &UserId,
    organization: &Loaded<Organization>,
) -> Result<Standing> {
    let Some(roles) = organization.state.roles_of(user) else { return Ok(Standing::Stranger) };
    let Some(user) = app.end_users.find(call, user.as_str()).await? else {
        return Ok(Standing::Stranger);
    };
    let user: EndUser = user.state;
    let organization = OrganizationId::parse(&organization.id)?;
    let Some(membership) = user.membership(&organization) else { return Ok(Standing::Stranger) };
    let person = user.classification() == Classification::Person;
    let may = person && user.access() == Access::Enabled;
    let administers = |roles: &RoleSet| roles.has(Role::TenantBillingAdmin);
    let admin = may && administers(roles) && administers(&membership.roles);
    Ok(if admin { Standing::BillingAdmin } else { Standing::Member })
}

/// As [`standing`], and the organization as it has to stay until what depends on it is appended.
///
/// # Errors
/// Not found, without an organization; unavailable.
pub(super) async fn standing_kept(
    app: &App,
    call: &Call,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<(Standing, Staged)> {
    let mut organization = app.organizations.load(call, organization.as_str()).await?;
    let standing = standing(app, call, user, &organization).await?;
    Ok((standing, app.organizations.stage(&mut organization, vec![])?))
}

/// Whether somebody administers the money of an organization now, whatever its tokens say.
///
/// # Errors
/// Unavailable.
pub(super) async fn is_billing_admin(
    app: &App,
    call: &Call,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<bool> {
    let user = app.end_users.find(call, user.as_str()).await?;
    let membership = user.as_ref().and_then(|user| user.state.membership(organization));
    Ok(membership.is_some_and(|membership| membership.roles.has(Role::TenantBillingAdmin)))
}
