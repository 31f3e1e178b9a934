//! Registers a machine: for whoever gives it something to prove itself with.

use domain::{
    end_users::{Access, EndUser, EndUserEvent, MachineRegistration, Ownership, RegisteredProfile},
    kernel::{ErrorKind, Evolve, OrganizationId, UserId, country, locale, roles::Role, time_zone},
    organizations::Organization,
};
use serde_json::json;

use super::membership_id;
use crate::{App, Call, Error, Loaded, Result, Staged, caller::CallerKind};

/// A machine that is to be registered. Zone and country may be anything: what is unknown becomes
/// the usual.
#[derive(Clone, Debug)]
pub struct NewMachine {
    /// What it is called.
    pub name: String,
    /// A name of the IANA database.
    pub timezone: Option<String>,
    /// As in ISO 3166-1, in any form.
    pub country_code: Option<String>,
}

/// Registers a machine with this id. If the caller works in a shared organization by default, the
/// machine becomes a member of it. Nothing is written before whoever calls this commits what is
/// staged, with whatever else belongs to it; if it is raced, this is to be called again.
///
/// # Errors
/// Forbidden, if the caller is suspended, or no owner of that organization; unavailable.
pub async fn register_machine(
    app: &App,
    call: &Call,
    id: &UserId,
    machine: &NewMachine,
) -> Result<Vec<Staged>> {
    let known = call.caller.kind != CallerKind::Anonymous;
    let mut creator =
        if known { app.end_users.find(call, call.caller.id.as_str()).await? } else { None };
    let shared = match &creator {
        Some(creator) => shared_default(&creator.state)?,
        None => None,
    };
    let mut place = match &shared {
        Some(id) => Some(owned_by(app, call, id).await?),
        None => None,
    };
    let mut user = Loaded::<EndUser>::new(id.as_str());
    let mut events = EndUser::register_machine(MachineRegistration {
        profile: profile(machine),
        trial: known,
        host_region: app.region.to_string(),
    });
    record(app, call, id, machine)?;
    if let Some(organization) = shared {
        events.extend(join(app, call, id, organization, &events)?);
    }
    let mut staged = vec![app.end_users.stage(&mut user, events)?];
    if let Some(creator) = &mut creator {
        // The creator is not written, but must still be who it was.
        staged.push(app.end_users.stage(creator, vec![])?);
    }
    if let Some(place) = &mut place {
        staged.push(app.organizations.stage(place, vec![])?);
    }
    Ok(staged)
}

/// The organization, if it knows the caller for an owner: who was just un-invited is a member for a
/// moment more.
async fn owned_by(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
) -> Result<Loaded<Organization>> {
    let place = app.organizations.load(call, organization.as_str()).await?;
    let roles = place.state.roles_of(&call.caller.id);
    if roles.is_some_and(|roles| roles.has(Role::TenantOwner)) {
        Ok(place)
    } else {
        Err(not_owner())
    }
}

fn not_owner() -> Error {
    let detail = "only an owner of the organization may add a machine to it";
    Error::refused(ErrorKind::Forbidden, "end_user_not_owner", detail)
}

/// The shared organization that the creator of a machine works in by default.
fn shared_default(creator: &EndUser) -> Result<Option<OrganizationId>> {
    if creator.access() != Access::Enabled {
        let detail = "the user is suspended";
        return Err(Error::refused(ErrorKind::Forbidden, "account_suspended", detail));
    }
    match creator.default_membership() {
        Some(default) if default.ownership == Ownership::Shared => {
            if default.roles.has(Role::TenantOwner) {
                Ok(Some(default.organization.clone()))
            } else {
                Err(not_owner())
            }
        }
        _ => Ok(None),
    }
}

fn join(
    app: &App,
    call: &Call,
    id: &UserId,
    organization: OrganizationId,
    before: &[EndUserEvent],
) -> Result<Vec<EndUserEvent>> {
    let mut machine = EndUser::default();
    for event in before {
        machine.evolve(event);
    }
    let membership = membership_id(id, &organization);
    app.usage(
        call,
        "Membership Added",
        &[
            ("ResourceId", json!(membership)),
            ("UserIdOverride", json!(id)),
            ("TenantIdOverride", json!(organization)),
        ],
    )?;
    Ok(machine.join_as_member(membership, organization))
}

fn profile(machine: &NewMachine) -> RegisteredProfile {
    RegisteredProfile {
        first_name: machine.name.clone(),
        last_name: None,
        timezone: time_zone::known_or_default(machine.timezone.as_deref()).to_owned(),
        locale: locale::DEFAULT.to_owned(),
        country_code: country::known_or_default(machine.country_code.as_deref()),
    }
}

fn record(app: &App, call: &Call, id: &UserId, machine: &NewMachine) -> Result<()> {
    app.usage(
        call,
        "Machine Registered",
        &[("ResourceId", json!(id)), ("Name", json!(machine.name)), ("UserIdOverride", json!(id))],
    )
}
