//! Memberships.

use serde::{Deserialize, Serialize};

use super::{MembershipId, Ownership};
use crate::kernel::{FeatureSet, OrganizationId, RoleSet};

/// What a user may do in one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Its own id, unique among all users.
    pub id: MembershipId,
    /// Where.
    pub organization: OrganizationId,
    /// Whether others can be members of it.
    pub ownership: Ownership,
    /// Whether the user works there when it does not say where.
    pub is_default: bool,
    /// Roles in the organization.
    pub roles: RoleSet,
    /// Features in the organization.
    pub features: FeatureSet,
}
