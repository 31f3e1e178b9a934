//! Sets of roles and of features, which grant each other.

use serde::{Deserialize, Serialize};

use super::roles::{Feature, Role};

/// A role or a feature.
pub trait Level: Copy + PartialEq + 'static {
    /// What it grants directly besides itself.
    fn children(self) -> &'static [Self];
    /// Whether a holder of this one satisfies a demand for `other`.
    fn covers(self, other: Self) -> bool;
}

/// Levels that somebody holds: kept without those that others of them grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LevelSet<L>(Vec<L>);

/// Roles that somebody holds.
pub type RoleSet = LevelSet<Role>;
/// Features that somebody holds.
pub type FeatureSet = LevelSet<Feature>;

impl<L> Default for LevelSet<L> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<L: Level> LevelSet<L> {
    /// Whether it grants the level.
    #[must_use]
    pub fn has(&self, level: L) -> bool {
        self.0.iter().any(|held| held.covers(level))
    }
    /// Whether it grants nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// What is held directly.
    #[must_use]
    pub fn reduced(&self) -> &[L] {
        &self.0
    }
    /// Everything granted: each held level followed by what it grants, parents first, each once.
    #[must_use]
    pub fn expanded(&self) -> Vec<L> {
        let mut all: Vec<L> = vec![];
        for held in &self.0 {
            let mut reached = vec![*held];
            let mut next = 0;
            while let Some(level) = reached.get(next).copied() {
                reached.extend_from_slice(level.children());
                next += 1;
            }
            for level in reached {
                if !all.contains(&level) {
                    all.push(level);
                }
            }
        }
        all
    }
    /// With one more; the same if that was granted already.
    #[must_use]
    pub fn with(mut self, level: L) -> Self {
        if !self.has(level) {
            self.0.retain(|held| !level.covers(*held));
            self.0.push(level);
        }
        self
    }
    /// With one less. What it granted directly stays, and so does what another held level grants.
    #[must_use]
    pub fn without(mut self, level: L) -> Self {
        if !self.has(level) {
            return self;
        }
        self.0.retain(|held| *held != level);
        level.children().iter().fold(self, |set, child| set.with(*child))
    }
}

impl<L: Level> FromIterator<L> for LevelSet<L> {
    fn from_iter<I: IntoIterator<Item = L>>(levels: I) -> Self {
        levels.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(roles: &[Role]) -> RoleSet {
        roles.iter().copied().collect()
    }

    #[test]
    fn keeps_only_what_nothing_else_grants() {
        let all = [Role::TenantMember, Role::TenantBillingAdmin, Role::TenantOwner];
        assert_eq!(set(&all).reduced(), [Role::TenantBillingAdmin]);
        assert_eq!(set(&all), set(&[Role::TenantBillingAdmin]).with(Role::TenantMember));
    }

    #[test]
    fn shows_each_followed_by_what_it_grants() {
        let both = set(&[Role::PlatformOperations, Role::TenantOwner]);
        assert_eq!(
            both.expanded(),
            [
                Role::PlatformOperations,
                Role::PlatformStandard,
                Role::TenantOwner,
                Role::TenantMember
            ]
        );
    }

    #[test]
    fn removal_leaves_the_children() {
        let owner = set(&[Role::TenantOwner]);
        assert_eq!(owner.clone().without(Role::TenantOwner), set(&[Role::TenantMember]));
        assert_eq!(owner.clone().without(Role::TenantBillingAdmin), owner);
        let admin = set(&[Role::TenantBillingAdmin]);
        assert_eq!(admin.clone().without(Role::TenantOwner), admin);
        assert!(set(&[Role::TenantMember]).without(Role::TenantMember).is_empty());
    }

    #[test]
    fn is_written_by_names() {
        let text = serde_json::to_string(&set(&[Role::PlatformOperations])).expect("JSON");
        assert_eq!(text, r#"["platform_operations"]"#);
        assert_eq!(
            serde_json::from_str::<RoleSet>(&text).expect("own form"),
            set(&[Role::PlatformOperations])
        );
        assert!(serde_json::from_str::<FeatureSet>(r#"["nothing"]"#).is_err());
    }
}
