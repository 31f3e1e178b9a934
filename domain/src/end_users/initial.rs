//! What new users and members may do.

use super::{Classification, Ownership};
use crate::kernel::{
    FeatureSet, RoleSet,
    roles::{Feature, Role},
};

/// The roles of a new user on the platform.
#[must_use]
pub fn platform_roles(operator: bool) -> RoleSet {
    let standard: RoleSet = [Role::PlatformStandard].into_iter().collect();
    if operator { standard.with(Role::PlatformOperations) } else { standard }
}

/// The features of a new person on the platform, which are those of a trial.
#[must_use]
pub fn platform_features() -> FeatureSet {
    [Feature::PlatformPaidTrial].into_iter().collect()
}

/// The features of a new machine on the platform: those of a trial, if somebody who is known
/// registers it.
#[must_use]
pub fn machine_features(trial: bool) -> FeatureSet {
    if trial { platform_features() } else { [Feature::PlatformBasic].into_iter().collect() }
}

/// The roles of whoever created an organization, in it. Nobody pays for a machine's own.
#[must_use]
pub fn creator_roles(creator: Classification, ownership: Ownership) -> RoleSet {
    let role = match (creator, ownership) {
        (Classification::Machine, Ownership::Personal) => Role::TenantOwner,
        (Classification::Person, _) | (_, Ownership::Shared) => Role::TenantBillingAdmin,
    };
    [role].into_iter().collect()
}

/// The features of whoever created an organization, in it: those of a trial, for whoever has one on
/// the platform.
#[must_use]
pub fn creator_features(platform: &FeatureSet) -> FeatureSet {
    let trial = platform.has(Feature::PlatformPaidTrial);
    [if trial { Feature::TenantPaidTrial } else { Feature::TenantBasic }].into_iter().collect()
}

/// The roles of whoever was invited to an organization, in it.
#[must_use]
pub fn member_roles() -> RoleSet {
    [Role::TenantMember].into_iter().collect()
}

/// The features of whoever was invited to an organization, in it.
#[must_use]
pub fn member_features() -> FeatureSet {
    [Feature::TenantPaidTrial].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_get_one_role_more() {
        assert_eq!(platform_roles(false).reduced(), [Role::PlatformStandard]);
        assert_eq!(platform_roles(true).reduced(), [Role::PlatformOperations]);
    }

    #[test]
    fn a_machine_owns_its_organization_and_nobody_pays_for_it() {
        let roles = |kind, ownership| creator_roles(kind, ownership).reduced().to_vec();
        assert_eq!(roles(Classification::Machine, Ownership::Personal), [Role::TenantOwner]);
        for ownership in [Ownership::Personal, Ownership::Shared] {
            assert_eq!(roles(Classification::Person, ownership), [Role::TenantBillingAdmin]);
        }
    }

    #[test]
    fn who_has_no_trial_on_the_platform_has_none_in_its_organization() {
        let basic: FeatureSet = [Feature::PlatformBasic].into_iter().collect();
        assert_eq!(creator_features(&basic).reduced(), [Feature::TenantBasic]);
        assert_eq!(creator_features(&platform_features()).reduced(), [Feature::TenantPaidTrial]);
    }
}
