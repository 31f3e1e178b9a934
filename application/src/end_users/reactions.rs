//! What end users do when something happens to organizations.

use domain::{end_users::EndUser, kernel::OrganizationId, organizations::OrganizationEvent};
use serde_json::json;

use super::membership_id;
use crate::{
    App, Call, Error, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
};

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "end_users",
    area: "EndUsers",
    handles: &[("organization", "created")],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    match event.decode::<OrganizationEvent>().map_err(Error::unexpected)? {
        OrganizationEvent::Created { ownership, created_by_id: user, host_region: _, name: _ } => {
            let organization = OrganizationId::parse(&event.stream.id)?;
            let creator = app.end_users.load(call, user.as_str()).await?;
            if creator.state.membership(&organization).is_some() {
                return Ok(());
            }
            let id = membership_id(&user, &organization);
            app.usage(
                call,
                "Membership Added",
                &[
                    ("ResourceId", json!(id)),
                    ("UserIdOverride", json!(user)),
                    ("TenantIdOverride", json!(organization)),
                ],
            )?;
            let join = |creator: &EndUser| {
                creator.join_as_creator(id.clone(), organization.clone(), ownership)
            };
            app.end_users.change(call, user.as_str(), join).await?;
            Ok(())
        }
        _ => Ok(()),
    }
}
