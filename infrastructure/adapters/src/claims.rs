//! How roles and features are written into access tokens.

use application::caller::Grant;
use domain::kernel::{
    OrganizationId, UserId,
    roles::{Feature, Role},
};
use serde::{Deserialize, Serialize};

const SEPARATOR: &str = "#|#";

/// The payload of an access token. Times are UNIX seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Who made it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// Unique.
    pub jti: String,
    /// When the user logged in.
    pub auth_time: i64,
    /// How many events the user had when roles and features were those that it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_version: Option<u64>,
    /// `Platform_<role>` and `Tenant_<role>#|#<organizationId>`.
    #[serde(
        rename = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        default,
        skip_serializing_if = "OneOrMany::is_empty"
    )]
    pub roles: OneOrMany,
    /// `Platform_<feature>` and `Tenant_<feature>#|#<organizationId>`.
    #[serde(rename = "Feature", default, skip_serializing_if = "OneOrMany::is_empty")]
    pub features: OneOrMany,
}

/// A claim with several values: an array, or a bare string when there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// A bare string.
    One(String),
    /// Any other number of values.
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(vec![])
    }
}

impl OneOrMany {
    fn is_empty(&self) -> bool {
        self.values().is_empty()
    }
    fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl From<Vec<String>> for OneOrMany {
    fn from(mut values: Vec<String>) -> Self {
        match (values.len(), values.pop()) {
            (1, Some(only)) => Self::One(only),
            (_, last) => {
                values.extend(last);
                Self::Many(values)
            }
        }
    }
}

/// A catalogue whose names appear in claims.
pub trait Level: Copy + PartialEq + 'static {
    /// Itself and all that it grants.
    fn expanded(self) -> Vec<Self>;
    /// The stored name.
    fn name(self) -> &'static str;
    /// Whether it counts within one organization only.
    fn is_tenant(self) -> bool;
    /// Finds one by its name.
    fn parse(name: &str) -> Option<Self>;
}

macro_rules! level {
    ($($type:ty),*) => { $(impl Level for $type {
        fn expanded(self) -> Vec<Self> { <$type>::expanded(self) }
        fn name(self) -> &'static str { <$type>::name(self) }
        fn is_tenant(self) -> bool { <$type>::is_tenant(self) }
        fn parse(name: &str) -> Option<Self> { <$type>::parse(name) }
    })* };
}
level!(Role, Feature);

/// Every grant with all that it includes, each once. Grants that contradict their own scope (a
/// tenant role without organization, a platform role with one) are dropped.
pub fn write<T: Level>(grants: &[Grant<T>]) -> OneOrMany {
    let mut values: Vec<String> = vec![];
    for (level, organization) in grants {
        for level in level.expanded() {
            let value = match organization {
                None if !level.is_tenant() => format!("Platform_{}", level.name()),
                Some(organization) if level.is_tenant() => {
                    format!("Tenant_{}{SEPARATOR}{organization}", level.name())
                }
                _ => continue,
            };
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    values.into()
}

/// The grants of a claim. Names that no catalogue knows and malformed values are dropped.
#[must_use]
pub fn read<T: Level>(claim: &OneOrMany) -> Vec<Grant<T>> {
    claim.values().iter().filter_map(|value| read_one(value)).collect()
}

/// The organizations that grants are about, each once, in their order.
#[must_use]
pub fn organizations(roles: &[Grant<Role>], features: &[Grant<Feature>]) -> Vec<OrganizationId> {
    let named = roles.iter().filter_map(|(_, organization)| organization.as_ref());
    let named = named.chain(features.iter().filter_map(|(_, organization)| organization.as_ref()));
    let mut found: Vec<OrganizationId> = vec![];
    for organization in named {
        if !found.contains(organization) {
            found.push(organization.clone());
        }
    }
    found
}

fn read_one<T: Level>(value: &str) -> Option<Grant<T>> {
    if let Some(name) = value.strip_prefix("Platform_") {
        return T::parse(name).filter(|level| !level.is_tenant()).map(|level| (level, None));
    }
    let (name, organization) = value.strip_prefix("Tenant_")?.split_once(SEPARATOR)?;
    let level = T::parse(name).filter(|level| level.is_tenant())?;
    Some((level, Some(OrganizationId::parse(organization).ok()?)))
}

/// The user that a token is about; `None` for a malformed id and for every well-known caller: a
/// token never makes somebody a service account.
#[must_use]
pub fn subject(sub: &str) -> Option<UserId> {
    UserId::parse(sub).ok().filter(|_| !sub.starts_with("xxx_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization() -> OrganizationId {
        OrganizationId::parse("org_aaaaaaaaaa").unwrap()
    }

    #[test]
    fn grants_are_written_expanded_and_read_back() {
        let written = write(&[
            (Role::TenantOwner, Some(organization())),
            (Role::TenantMember, Some(organization())),
            (Role::PlatformOperations, None),
        ]);
        let expected: Vec<String> = [
            "Tenant_tenant_owner#|#org_aaaaaaaaaa",
            "Tenant_tenant_member#|#org_aaaaaaaaaa",
            "Platform_platform_operations",
            "Platform_platform_standard",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(written, OneOrMany::Many(expected));
        assert!(read::<Role>(&written).contains(&(Role::TenantMember, Some(organization()))));
    }

    #[test]
    fn a_single_value_is_a_bare_string() {
        let written = write(&[(Feature::PlatformBasic, None)]);
        assert_eq!(
            serde_json::to_string(&written).unwrap(),
            r#""Platform_platform_basic_features""#
        );
    }

    #[test]
    fn what_is_unknown_or_in_the_wrong_scope_is_dropped() {
        for value in [
            "Platform_emperor",
            "Platform_tenant_owner",
            "Tenant_platform_operations#|#org_aaaaaaaaaa",
            "Tenant_tenant_owner",
            "Tenant_tenant_owner#|#nonsense",
            "tenant_owner",
            "",
        ] {
            assert_eq!(read::<Role>(&OneOrMany::One(value.to_owned())), vec![], "{value}");
        }
        let misplaced = [(Role::TenantOwner, None), (Role::PlatformStandard, Some(organization()))];
        assert_eq!(write(&misplaced), OneOrMany::default());
    }

    #[test]
    fn every_organization_counts_once_and_the_first_stays_first() {
        let second = OrganizationId::parse("org_bbbbbbbbbb").unwrap();
        let roles = [
            (Role::PlatformStandard, None),
            (Role::TenantOwner, Some(organization())),
            (Role::TenantMember, Some(organization())),
        ];
        let features = [(Feature::TenantBasic, Some(second.clone()))];
        assert_eq!(organizations(&roles, &features), [organization(), second]);
    }

    #[test]
    fn no_token_makes_a_service_account() {
        assert_eq!(subject(UserId::MAINTENANCE), None);
        assert_eq!(subject("not an id"), None);
        assert!(subject("user_aaaaaaaaaa").is_some());
    }
}
