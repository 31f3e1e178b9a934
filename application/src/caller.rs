//! Who is calling, and what they may do.

use domain::kernel::{
    OrganizationId, UserId,
    roles::{Feature, Role},
};

/// What proved who the caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// Nothing did.
    Anonymous,
    /// A person or machine, by token or API key.
    User,
    /// A part of the product or a third party; exempt from membership checks.
    ServiceAccount,
}

/// A role or feature, on the platform (`None`) or within one organization.
pub type Grant<T> = (T, Option<OrganizationId>);

/// Somebody who calls a use case.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The user or service account.
    pub id: UserId,
    /// How it is known.
    pub kind: CallerKind,
    /// All roles held.
    pub roles: Vec<Grant<Role>>,
    /// All features held.
    pub features: Vec<Grant<Feature>>,
    /// The organizations that it is a member of; the default one comes first.
    pub organizations: Vec<OrganizationId>,
}

impl Caller {
    /// Nobody in particular.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            id: UserId::anonymous(),
            kind: CallerKind::Anonymous,
            roles: vec![],
            features: vec![],
            organizations: vec![],
        }
    }
    /// The service account behind HMAC signatures.
    #[must_use]
    pub fn maintenance() -> Self {
        Self {
            id: UserId::maintenance(),
            kind: CallerKind::ServiceAccount,
            roles: vec![(Role::PlatformInternalService, None)],
            features: vec![(Feature::PlatformBasic, None)],
            organizations: vec![],
        }
    }
    /// Whether the caller holds the role, directly or through a higher one. A tenant role counts
    /// only within `tenant`.
    #[must_use]
    pub fn has_role(&self, role: Role, tenant: Option<&OrganizationId>) -> bool {
        let scope = if role.is_tenant() { tenant } else { None };
        (!role.is_tenant() || tenant.is_some())
            && self.roles.iter().any(|(held, within)| within.as_ref() == scope && held.covers(role))
    }
    /// As [`Self::has_role`], for features.
    #[must_use]
    pub fn has_feature(&self, feature: Feature, tenant: Option<&OrganizationId>) -> bool {
        let scope = if feature.is_tenant() { tenant } else { None };
        (!feature.is_tenant() || tenant.is_some())
            && self
                .features
                .iter()
                .any(|(held, within)| within.as_ref() == scope && held.covers(feature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(text: &str) -> OrganizationId {
        OrganizationId::parse(text).expect("valid")
    }

    #[test]
    fn a_tenant_role_counts_only_within_its_tenant() {
        let (mine, other) = (organization("org_aaaaaaaaaa"), organization("org_bbbbbbbbbb"));
        let caller =
            Caller { roles: vec![(Role::TenantOwner, Some(mine.clone()))], ..Caller::anonymous() };
        assert!(caller.has_role(Role::TenantMember, Some(&mine)));
        assert!(!caller.has_role(Role::TenantMember, Some(&other)));
        assert!(!caller.has_role(Role::TenantMember, None));
        assert!(!caller.has_role(Role::PlatformStandard, Some(&mine)));
    }
}
