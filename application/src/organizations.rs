//! Organizations: views, the read port and the use cases.

use async_trait::async_trait;
use domain::{
    kernel::{ErrorKind, Evolve, OrganizationId},
    organizations::{Organization, OrganizationEvent},
};
use serde::Serialize;
use serde_json::json;

use crate::{App, Call, Loaded, Result, end_users::ownership_name};

pub mod assign_roles;
pub mod change_details;
pub mod create;
pub mod delete;
pub mod inspect;
#[cfg(feature = "testing-only")]
pub mod inspect_settings;
pub mod invite_member;
pub(crate) mod parting;
mod paying;
pub mod reactions;
pub mod roles;
pub mod settings;
pub mod un_invite_member;
pub mod unassign_roles;

/// Permanent name of the projection that serves organizations.
pub const ORGANIZATIONS: &str = "organizations";

/// An organization as its members see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Organization)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationView {
    /// `org_…`
    pub id: String,
    /// What it is called; of a personal one, like the person at first.
    pub name: String,
    /// Who created it.
    pub created_by_id: String,
    /// `personal` or `shared`.
    pub ownership: String,
}

/// The answer of everything that is about one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OrganizationAnswer {
    /// The organization.
    pub organization: OrganizationView,
}

/// The read model of organizations.
#[async_trait]
pub trait OrganizationReads: Send + Sync {
    /// One organization, and its version; `None` if there is none.
    async fn organization(&self, id: &OrganizationId) -> Result<Option<(OrganizationView, u64)>>;
}

impl From<&Loaded<Organization>> for OrganizationView {
    fn from(loaded: &Loaded<Organization>) -> Self {
        let state = &loaded.state;
        Self {
            id: loaded.id.clone(),
            name: state.name().to_owned(),
            created_by_id: state.created_by().map(ToString::to_string).unwrap_or_default(),
            ownership: state.ownership().map(ownership_name).unwrap_or_default().to_owned(),
        }
    }
}

impl From<&Loaded<Organization>> for OrganizationAnswer {
    fn from(loaded: &Loaded<Organization>) -> Self {
        Self { organization: loaded.into() }
    }
}

/// Whether an organization was deleted for good; one that never was, was not.
///
/// # Errors
/// Unavailable.
pub async fn is_deleted(app: &App, call: &Call, id: &OrganizationId) -> Result<bool> {
    match app.organizations.find(call, id.as_str()).await {
        Err(error) if error.kind() == Some(ErrorKind::Deleted) => Ok(true),
        found => found.map(|_| false),
    }
}

/// The usage that tells of a new organization.
pub(crate) const CREATED: &str = "Organization Created";
/// The usage that tells of a change.
pub(crate) const UPDATED: &str = "Organization Updated";

/// Tells that an organization is about to become what these events make of it.
///
/// # Errors
/// As [`App::usage`].
pub(crate) fn record(
    app: &App,
    call: &Call,
    usage: &str,
    before: &Loaded<Organization>,
    events: &[OrganizationEvent],
) -> Result<()> {
    let mut state = before.state.clone();
    for event in events {
        state.evolve(event);
    }
    app.usage(
        call,
        usage,
        &[
            ("ResourceId", json!(before.id)),
            ("Name", json!(state.name())),
            ("Ownership", json!(state.ownership().map(ownership_name))),
            ("CreateBy", json!(state.created_by())),
            ("UserIdOverride", json!(state.created_by())),
        ],
    )
}
