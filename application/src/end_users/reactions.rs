//! What end users do when something happens to organizations and subscriptions.

pub mod features;
mod inviting;
mod members;

use domain::{
    kernel::{Evolve as _, OrganizationId},
    organizations::{Organization, OrganizationEvent},
};

use crate::{
    App, Call, Error, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
};
use inviting::Invited;
pub(crate) use members::leave;

/// See the module: what happens to organizations.
pub const REACTION: Reaction = Reaction {
    name: "end_users",
    area: "EndUsers",
    handles: &[
        ("organization", "created"),
        ("organization", "deleted"),
        ("organization", "member_invited"),
        ("organization", "member_un_invited"),
        ("organization", "membership_added"),
        ("organization", "role_assigned"),
        ("organization", "role_unassigned"),
    ],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    if event.stream.kind != Organization::TYPE {
        // A dead letter from before features had a reaction of their own, which has handled it.
        return Ok(());
    }
    let at = OrganizationId::parse(&event.stream.id)?;
    match event.decode::<OrganizationEvent>().map_err(Error::unexpected)? {
        OrganizationEvent::Created { ownership, created_by_id, .. } => {
            members::join(app, call, &at, &created_by_id, ownership).await
        }
        OrganizationEvent::Deleted { deleted_by_id } => {
            members::leave(app, call, &at, &deleted_by_id, &deleted_by_id).await
        }
        OrganizationEvent::MemberInvited { invited_by_id, invited_id, email_address, .. } => {
            let invited = Invited { by: invited_by_id, user: invited_id, email: email_address };
            inviting::invite(app, call, &at, &invited).await
        }
        OrganizationEvent::MemberUnInvited { uninvited_by_id, uninvited_id } => {
            members::leave(app, call, &at, &uninvited_id, &uninvited_by_id).await
        }
        OrganizationEvent::RoleAssigned { assigned_by_id, user_id, role } => {
            members::ASSIGNED.run(app, call, &at, &user_id, role, &assigned_by_id).await
        }
        OrganizationEvent::RoleUnassigned { unassigned_by_id, user_id, role } => {
            members::UNASSIGNED.run(app, call, &at, &user_id, role, &unassigned_by_id).await
        }
        OrganizationEvent::MembershipAdded { user_id } => {
            features::catch_up(app, call, &at, &user_id).await
        }
        _ => Ok(()),
    }
}
