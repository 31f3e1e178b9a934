//! How somebody belongs to an organization.

use serde::{Deserialize, Serialize};

use crate::{end_users::initial, kernel::RoleSet};

/// How somebody belongs to an organization; by default not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Belonging {
    /// What it may do; nothing once it is about to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<RoleSet>,
    /// Whether the organization was told of its membership.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    noted: bool,
}

impl Belonging {
    /// Whoever is about to become a member.
    pub fn expected(roles: RoleSet) -> Self {
        Self { roles: Some(roles), noted: false }
    }

    /// Whoever has none begins with what a new member may.
    pub fn join(self) -> Self {
        Self { roles: self.roles.or_else(|| Some(initial::member_roles())), noted: true }
    }

    pub fn leave(self) -> Self {
        Self { roles: None, ..self }
    }

    /// Whoever has roles has others.
    pub fn with(self, change: impl FnOnce(RoleSet) -> RoleSet) -> Self {
        Self { roles: self.roles.map(change), ..self }
    }

    pub fn roles(&self) -> Option<&RoleSet> {
        self.roles.as_ref()
    }

    pub fn is_noted(&self) -> bool {
        self.noted
    }

    pub fn is_nothing(&self) -> bool {
        self.roles.is_none() && !self.noted
    }
}
