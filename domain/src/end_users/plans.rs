//! Features by what somebody has subscribed to.

use crate::{
    kernel::{FeatureSet, roles::Feature},
    subscriptions::Tier,
};

/// The highest first.
const TIERS: [(Tier, Feature, Feature); 4] = [
    (Tier::Enterprise, Feature::PlatformPaid3, Feature::TenantPaid3),
    (Tier::Professional, Feature::PlatformPaid2, Feature::TenantPaid2),
    (Tier::Standard, Feature::PlatformPaidTrial, Feature::TenantPaidTrial),
    (Tier::Unsubscribed, Feature::PlatformBasic, Feature::TenantBasic),
];

/// What members get on the platform.
#[must_use]
pub fn platform_features(tier: Tier) -> FeatureSet {
    TIERS.iter().filter(|(known, _, _)| *known == tier).map(|(_, platform, _)| *platform).collect()
}

/// What members get in the organization.
#[must_use]
pub fn tenant_features(tier: Tier) -> FeatureSet {
    TIERS.iter().filter(|(known, _, _)| *known == tier).map(|(_, _, tenant)| *tenant).collect()
}

/// The highest that the features of several organizations are those of.
#[must_use]
pub fn highest(within: &[&FeatureSet]) -> Tier {
    let held = |tenant: Feature| within.iter().any(|features| features.has(tenant));
    let found = TIERS.iter().find(|(_, _, tenant)| held(*tenant));
    found.map(|(tier, _, _)| *tier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_is_known_by_its_features() {
        let (mut platform, mut tenant) = (vec![], vec![]);
        for tier in [Tier::Unsubscribed, Tier::Standard, Tier::Professional, Tier::Enterprise] {
            assert_eq!(highest(&[&tenant_features(tier)]), tier);
            platform.extend_from_slice(platform_features(tier).reduced());
            tenant.extend_from_slice(tenant_features(tier).reduced());
        }
        let names =
            |features: &[Feature]| -> Vec<_> { features.iter().map(|f| f.name()).collect() };
        assert_eq!(
            names(&platform),
            [
                "platform_basic_features",
                "platform_paidtrial_features",
                "platform_paid2_features",
                "platform_paid3_features",
            ]
        );
        assert_eq!(
            names(&tenant),
            names(&platform)
                .iter()
                .map(|name| name.replace("platform", "tenant"))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_highest_counts() {
        let (low, high) = (tenant_features(Tier::Standard), tenant_features(Tier::Enterprise));
        assert_eq!(highest(&[&low, &high, &low]), Tier::Enterprise);
        assert_eq!(highest(&[]), Tier::Unsubscribed);
    }
}
