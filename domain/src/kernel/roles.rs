//! Roles and features: what a caller may do, and what was paid for.

/// Declares a catalogue of levels with their stored names and what each grants besides itself.
macro_rules! levels {
    ($(#[$meta:meta])* $enum:ident { $($(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])? $variant:ident = $name:literal $(grants [$($child:ident),*])?),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum { $($(#[doc = $doc])* $(#[cfg($cfg)])? $variant),* }
        impl $enum {
            /// The whole catalogue.
            pub const ALL: &'static [Self] = &[$($(#[cfg($cfg)])? Self::$variant),*];
            /// The stored name.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $($(#[cfg($cfg)])? Self::$variant => $name),* } }
            /// What it grants directly besides itself.
            #[must_use]
            pub const fn children(self) -> &'static [Self] {
                match self { $($(#[cfg($cfg)])? Self::$variant => &[$($(Self::$child),*)?]),* }
            }
            /// Whether a holder of this one satisfies a demand for `other`.
            #[must_use]
            pub fn covers(self, other: Self) -> bool {
                self == other || self.children().iter().any(|child| child.covers(other))
            }
            /// Finds a level by its stored name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> { Self::ALL.iter().copied().find(|level| level.name() == name) }
            /// Itself and everything it grants, parents first, each once.
            #[must_use]
            pub fn expanded(self) -> Vec<Self> {
                let mut all = vec![self];
                let mut next = 0;
                while let Some(level) = all.get(next).copied() {
                    for child in level.children() { if !all.contains(child) { all.push(*child); } }
                    next += 1;
                }
                all
            }
            /// Whether it counts within one organization only.
            #[must_use]
            pub fn is_tenant(self) -> bool { self.name().starts_with("tenant_") }
        }
        impl super::level_set::Level for $enum {
            fn children(self) -> &'static [Self] { self.children() }
            fn covers(self, other: Self) -> bool { self.covers(other) }
        }
        impl ::serde::Serialize for $enum {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $enum {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = ::std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&name).ok_or_else(|| ::serde::de::Error::custom(format!("unknown level '{name}'")))
            }
        }
    };
}

levels! {
    /// What a caller is allowed to do, on the platform or within one organization.
    Role {
        /// Everybody who is registered.
        PlatformStandard = "platform_standard",
        /// Operators of the product.
        PlatformOperations = "platform_operations" grants [PlatformStandard],
        /// Queues, bus and other hosts of the product; never assigned.
        PlatformInternalService = "platform_internal_service",
        /// Webhooks of third parties; never assigned.
        PlatformExternalWebhookService = "platform_external_webhook_service",
        /// For tests of authorization.
        #[cfg(feature = "testing-only")]
        PlatformTestingOnly = "platform_testingonly",
        /// For tests of role hierarchies.
        #[cfg(feature = "testing-only")]
        PlatformSuperTestingOnly = "platform_super_testingonly" grants [PlatformTestingOnly],
        /// A member of the organization.
        TenantMember = "tenant_member",
        /// An owner of the organization.
        TenantOwner = "tenant_owner" grants [TenantMember],
        /// Who pays for the organization.
        TenantBillingAdmin = "tenant_billing_admin" grants [TenantOwner],
        /// For tests of tenant roles.
        #[cfg(feature = "testing-only")]
        TenantTestingOnly = "tenant_testingonly",
    }
}

levels! {
    /// What a plan includes, on the platform or within one organization.
    Feature {
        /// Included in every plan.
        PlatformBasic = "platform_basic_features",
        /// Trial and standard plans.
        PlatformPaidTrial = "platform_paidtrial_features" grants [PlatformBasic],
        /// Professional plans.
        PlatformPaid2 = "platform_paid2_features" grants [PlatformPaidTrial],
        /// Enterprise plans.
        PlatformPaid3 = "platform_paid3_features" grants [PlatformPaid2],
        /// For tests of authorization.
        #[cfg(feature = "testing-only")]
        PlatformTestingOnly = "platform_testingonly_platform",
        /// For tests of feature hierarchies.
        #[cfg(feature = "testing-only")]
        PlatformTestingOnlySuper = "platform_testingonly_platform_super" grants [PlatformTestingOnly],
        /// Included in every plan.
        TenantBasic = "tenant_basic_features",
        /// Trial and standard plans.
        TenantPaidTrial = "tenant_paidtrial_features" grants [TenantBasic],
        /// Professional plans.
        TenantPaid2 = "tenant_paid2_features" grants [TenantPaidTrial],
        /// Enterprise plans.
        TenantPaid3 = "tenant_paid3_features" grants [TenantPaid2],
        /// For tests of tenant features.
        #[cfg(feature = "testing-only")]
        TenantTestingOnly = "tenant_testingonly_platform",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_covers_all_descendants() {
        assert!(Role::TenantBillingAdmin.covers(Role::TenantMember));
        assert!(Feature::TenantPaid3.covers(Feature::TenantBasic));
        assert!(!Role::TenantMember.covers(Role::TenantOwner));
        assert!(!Role::PlatformOperations.covers(Role::TenantMember));
    }

    #[test]
    fn expansion_lists_parents_first() {
        let names: Vec<_> = Role::TenantBillingAdmin.expanded().iter().map(|r| r.name()).collect();
        assert_eq!(names, ["tenant_billing_admin", "tenant_owner", "tenant_member"]);
    }
}
