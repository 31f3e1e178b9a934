//! End users, the roles that they hold on the platform, and where they are members.

mod reads;
mod tables;

use application::{
    end_users::{END_USERS as NAME, access_name, classification_name, ownership_name, status_name},
    ports::Recorded,
};
use domain::{
    end_users::{EndUserEvent, MembershipId},
    kernel::{FeatureSet, RoleSet, roles::Role},
};
use store::{
    db::Value,
    projections::{Changes, ProjectError, Projection},
};

pub use reads::{EndUserTables, pages_of_members};
use tables::{END_USERS as TABLE, GUESTS, MEMBERSHIPS, ROLES, role_column};

/// The read model of end users.
pub const END_USERS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE, &ROLES, &MEMBERSHIPS, &GUESTS],
    handles: &[
        ("end_user", "created"),
        ("end_user", "registered"),
        ("end_user", "guest_invitation_created"),
        ("end_user", "guest_invitation_accepted"),
        ("end_user", "platform_role_assigned"),
        ("end_user", "platform_role_unassigned"),
        ("end_user", "membership_added"),
        ("end_user", "membership_removed"),
        ("end_user", "membership_role_assigned"),
        ("end_user", "membership_role_unassigned"),
        ("end_user", "membership_features_reset"),
        ("end_user", "platform_features_reset"),
        ("end_user", "default_membership_changed"),
        ("end_user", "erased"),
    ],
    project,
};

#[expect(clippy::too_many_lines, reason = "a list of everything that can happen")]
fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    let id = recorded.stream.id.as_str();
    let version = ("version", recorded.sequence.into());
    match recorded.decode::<EndUserEvent>()? {
        EndUserEvent::Created { access, status, classification, host_region: _ } => changes.upsert(
            &TABLE,
            id,
            [
                ("access", access_name(access).into()),
                ("status", status_name(status).into()),
                ("classification", classification_name(classification).into()),
                ("features", Value::json(&[(); 0])?),
                version,
            ],
        ),
        EndUserEvent::Registered {
            classification,
            access,
            status,
            roles,
            features,
            email_digest: _,
            username: _,
            user_profile: _,
        } => {
            for role in roles.into_iter().collect::<RoleSet>().reduced() {
                hold(recorded, changes, *role)?;
            }
            changes.delete(&GUESTS, id);
            changes.set(
                &TABLE,
                id,
                [
                    ("access", access_name(access).into()),
                    ("status", status_name(status).into()),
                    ("classification", classification_name(classification).into()),
                    ("features", Value::json(&features.into_iter().collect::<FeatureSet>())?),
                    version,
                ],
            )
        }
        EndUserEvent::PlatformRoleAssigned { role } => {
            hold(recorded, changes, role)?;
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::PlatformRoleUnassigned { role } => {
            changes.delete(&ROLES, role_key(id, role));
            // What it granted directly stays.
            for child in role.children() {
                hold(recorded, changes, *child)?;
            }
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::MembershipAdded {
            membership_id,
            organization_id,
            ownership,
            is_default,
            roles,
            features,
        } => {
            let held: RoleSet = roles.into_iter().collect();
            changes.upsert(
                &MEMBERSHIPS,
                membership_id.as_str(),
                [
                    ("user_id", id.into()),
                    ("organization_id", organization_id.as_str().into()),
                    ("ownership", ownership_name(ownership).into()),
                    ("is_default", is_default.into()),
                    ("tenant_billing_admin", held.has(Role::TenantBillingAdmin).into()),
                    ("tenant_owner", held.has(Role::TenantOwner).into()),
                    ("tenant_member", held.has(Role::TenantMember).into()),
                    // No build but those for tests gives it.
                    ("tenant_other", false.into()),
                    ("features", Value::json(&features.into_iter().collect::<FeatureSet>())?),
                    ("position", recorded.position.into()),
                ],
            )?;
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::MembershipRemoved { membership_id, .. } => {
            changes.delete(&MEMBERSHIPS, membership_id.as_str());
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::MembershipRoleAssigned { membership_id, role, .. } => {
            for granted in role.expanded() {
                grant(changes, &membership_id, granted, true)?;
            }
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::MembershipRoleUnassigned { membership_id, role, .. } => {
            // What it granted stays.
            grant(changes, &membership_id, role, false)?;
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::MembershipFeaturesReset { membership_id, features, .. } => {
            let features = Value::json(&features.into_iter().collect::<FeatureSet>())?;
            changes.set(&MEMBERSHIPS, membership_id.as_str(), [("features", features)])?;
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::PlatformFeaturesReset { features, assigned_by_id: _ } => {
            let features = Value::json(&features.into_iter().collect::<FeatureSet>())?;
            changes.set(&TABLE, id, [("features", features), version])
        }
        EndUserEvent::DefaultMembershipChanged {
            from_membership_id,
            to_membership_id,
            to_organization_id: _,
            roles: _,
            features: _,
        } => {
            let mut set = |membership: &MembershipId, is_default: bool| {
                changes.set(&MEMBERSHIPS, membership.as_str(), [("is_default", is_default.into())])
            };
            if let Some(from) = from_membership_id {
                set(&from, false)?;
            }
            set(&to_membership_id, true)?;
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::GuestInvitationCreated { email_address, .. } => {
            changes.upsert(&GUESTS, id, [("email_address", email_address.as_str().into())])?;
            changes.set(&TABLE, id, [version])
        }
        EndUserEvent::GuestInvitationAccepted { .. } => changes.set(&TABLE, id, [version]),
        EndUserEvent::Erased { access, mailboxes: _ } => {
            changes.delete(&GUESTS, id);
            changes.set(&TABLE, id, [("access", access_name(access).into()), version])
        }
    }
}

/// A role that is granted by another one that is held is never taken, so each stands for itself.
fn grant(
    changes: &mut Changes,
    membership: &MembershipId,
    role: Role,
    held: bool,
) -> Result<(), ProjectError> {
    changes.set(&MEMBERSHIPS, membership.as_str(), [(role_column(role), held.into())])
}

fn role_key(user: &str, role: Role) -> String {
    format!("{user}/{}", role.name())
}

/// A row for a role that another one grants already does no harm: queries reduce what they read.
fn hold(recorded: &Recorded, changes: &mut Changes, role: Role) -> Result<(), ProjectError> {
    let user = recorded.stream.id.as_str();
    changes.upsert(
        &ROLES,
        role_key(user, role),
        [
            ("user_id", user.into()),
            ("role", role.name().into()),
            ("position", recorded.position.into()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_an_end_user_is_handled() {
        let known: Vec<_> = EndUserEvent::CATALOG.iter().map(|e| (e.aggregate, e.name)).collect();
        assert_eq!(END_USERS.handles, known);
    }
}
