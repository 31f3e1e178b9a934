//! Organizations.

mod reads;
mod tables;

use application::{
    end_users::ownership_name, organizations::ORGANIZATIONS as NAME, ports::Recorded,
};
use domain::{end_users::EndUserEvent, organizations::OrganizationEvent};
use store::projections::{Changes, ProjectError, Projection};

pub use reads::OrganizationTables;
use tables::ORGANIZATIONS as TABLE;

/// The read model of organizations.
pub const ORGANIZATIONS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE],
    handles: &[
        ("organization", "created"),
        ("organization", "setting_created"),
        ("organization", "setting_updated"),
        ("organization", "name_changed"),
        ("organization", "member_invited"),
        ("organization", "member_un_invited"),
        ("organization", "membership_added"),
        ("organization", "membership_removed"),
        ("organization", "role_assigned"),
        ("organization", "role_unassigned"),
        ("organization", "billing_subscribed"),
        ("organization", "billing_subscriber_changed"),
        ("organization", "deleted"),
        ("end_user", "erased"),
    ],
    project,
};

fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    if recorded.stream.kind == "end_user" {
        return follow_user(recorded, changes);
    }
    let id = recorded.stream.id.as_str();
    let version = ("version", recorded.sequence.into());
    match recorded.decode::<OrganizationEvent>()? {
        OrganizationEvent::Created { ownership, created_by_id, host_region: _, name } => changes
            .upsert(
                &TABLE,
                id,
                [
                    ("name", name.into()),
                    ("ownership", ownership_name(ownership).into()),
                    ("created_by_id", created_by_id.as_str().into()),
                    ("subscriber_id", created_by_id.as_str().into()),
                    version,
                ],
            ),
        OrganizationEvent::NameChanged { name } => {
            changes.set(&TABLE, id, [("name", name.into()), version])
        }
        OrganizationEvent::BillingSubscribed { subscription_id, subscriber_id } => changes.set(
            &TABLE,
            id,
            [
                ("subscription_id", subscription_id.as_str().into()),
                ("subscriber_id", subscriber_id.as_str().into()),
                version,
            ],
        ),
        OrganizationEvent::BillingSubscriberChanged { from_subscriber_id: _, to_subscriber_id } => {
            changes.set(&TABLE, id, [("subscriber_id", to_subscriber_id.as_str().into()), version])
        }
        OrganizationEvent::SettingCreated { .. }
        | OrganizationEvent::SettingUpdated { .. }
        | OrganizationEvent::MemberInvited { .. }
        | OrganizationEvent::MemberUnInvited { .. }
        | OrganizationEvent::MembershipAdded { .. }
        | OrganizationEvent::MembershipRemoved { .. }
        | OrganizationEvent::RoleAssigned { .. }
        | OrganizationEvent::RoleUnassigned { .. } => changes.set(&TABLE, id, [version]),
        OrganizationEvent::Deleted { deleted_by_id: _ } => {
            changes.delete(&TABLE, id);
            Ok(())
        }
    }
}

/// The personal organization of an erased user does not say who that was.
fn follow_user(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    match recorded.decode::<EndUserEvent>()? {
        EndUserEvent::Erased { .. } => {
            let user = recorded.stream.id.as_str();
            let random = user.split_once('_').map_or(user, |(_, random)| random);
            changes.set(&TABLE, format!("org_{random}"), [("name", "".into())])
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_an_organization_is_handled() {
        let known = OrganizationEvent::CATALOG.iter().map(|e| (e.aggregate, e.name));
        let known: Vec<_> = known.chain([("end_user", "erased")]).collect();
        assert_eq!(ORGANIZATIONS.handles, known);
    }
}
