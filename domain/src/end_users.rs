//! End users: people and machines, what they may do on the platform, and where they are members.

pub mod end_user;
pub mod events;
pub mod initial;
pub mod integration;
pub mod invitation;
pub mod machine;
pub mod membership;
pub mod plans;

pub use end_user::{EndUser, EndUserError, Registration};
pub use events::{EndUserEvent, RegisteredProfile};
pub use integration::EndUserIntegrationEvent;
pub use invitation::{Invitation, NewInvitation};
pub use machine::MachineRegistration;
pub use membership::Membership;

use serde::{Deserialize, Serialize};

crate::ids! {
    /// A membership of a user in an organization.
    MembershipId = "mship",
}

/// What sort of user it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Classification {
    /// Somebody.
    #[default]
    Person,
    /// Something that calls the API on its own.
    Machine,
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// It may.
    #[default]
    Enabled,
    /// It may not.
    Suspended,
}

/// Whether a user has registered, or was only invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserStatus {
    /// Only invited.
    #[default]
    Unregistered,
    /// Registered.
    Registered,
}

/// Whether an organization has one member for ever, or others can be invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ownership {
    /// Others can be invited.
    Shared,
    /// Belongs to one user alone.
    Personal,
}
