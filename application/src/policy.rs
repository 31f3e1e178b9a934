//! Who may call a use case: declared beside it, checked in one place.

use domain::kernel::{
    OrganizationId,
    roles::{Feature, Role},
};

use crate::{Caller, caller::CallerKind};

/// How a caller proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No proof needed; a valid bearer token is honoured.
    Anonymous,
    /// Bearer token or API key.
    Token,
    /// A signature of the body with the shared secret.
    Hmac,
    /// Such a signature, or else as [`Self::Token`].
    HmacOrToken,
    /// A signature of the body by another host of the product, with or without a bearer token.
    InterHost,
}

/// Whose data a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenancy {
    /// An organization's; named by header, `organizationId`, or the caller's default.
    Tenanted,
    /// The organization itself; its `id`.
    Organization,
    /// The platform's; may still name an organization.
    Untenanted,
}

/// Everything that is checked before a use case runs. All of it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How the caller proves who it is.
    pub access: Access,
    /// Whose data it is about.
    pub tenancy: Tenancy,
    /// A role that is needed.
    pub role: Option<Role>,
    /// A feature that is needed.
    pub feature: Option<Feature>,
}

impl Policy {
    const fn new(access: Access) -> Self {
        Self { access, tenancy: Tenancy::Untenanted, role: None, feature: None }
    }
    /// Everybody.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self::new(Access::Anonymous)
    }
    /// Every known user.
    #[must_use]
    pub const fn token() -> Self {
        Self::new(Access::Token)
    }
    /// Queues, bus and other parts of the product.
    #[must_use]
    pub const fn internal() -> Self {
        Self::new(Access::Hmac).role(Role::PlatformInternalService)
    }
    /// Operators, and parts of the product on their behalf.
    #[must_use]
    pub const fn operations() -> Self {
        Self::new(Access::HmacOrToken).role(Role::PlatformOperations)
    }
    /// Other hosts of the product.
    #[must_use]
    pub const fn inter_host() -> Self {
        Self::new(Access::InterHost)
    }
    /// Members of the organization that the request is about.
    #[must_use]
    pub const fn member() -> Self {
        Self::token().tenanted().role(Role::TenantMember)
    }
    /// About an organization's data.
    #[must_use]
    pub const fn tenanted(mut self) -> Self {
        self.tenancy = Tenancy::Tenanted;
        self
    }
    /// About the organization itself.
    #[must_use]
    pub const fn organization(mut self) -> Self {
        self.tenancy = Tenancy::Organization;
        self
    }
    /// Needs a role.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }
    /// Needs a feature.
    #[must_use]
    pub const fn with(mut self, feature: Feature) -> Self {
        self.feature = Some(feature);
        self
    }
    /// The roles and features that are checked: one named alone brings the basic other.
    #[must_use]
    pub fn requirements(&self) -> (Option<Role>, Option<Feature>) {
        match (self.role, self.feature) {
            (Some(role), None) => (Some(role), Some(Feature::PlatformBasic)),
            (None, Some(feature)) => (Some(Role::PlatformStandard), Some(feature)),
            both => both,
        }
    }
    /// Whether the caller holds what is needed within `tenant`.
    #[must_use]
    pub fn allows(&self, caller: &Caller, tenant: Option<&OrganizationId>) -> bool {
        let (role, feature) = self.requirements();
        // A signature says it all; a token that has the role of service accounts is no signature.
        let signed = self.access == Access::HmacOrToken
            && caller.kind == CallerKind::ServiceAccount
            && caller.has_role(Role::PlatformInternalService, None);
        signed
            || role.is_none_or(|role| caller.has_role(role, tenant))
                && feature.is_none_or(|feature| caller.has_feature(feature, tenant))
    }
}
