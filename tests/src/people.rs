//! People who call, with tokens of the deployment under test.

use adapters::tokens::{NewToken, Tokens};
use application::caller::Grant;
use domain::kernel::{
    OrganizationId, Timestamp, UserId,
    roles::{Feature, Role},
};
use time::Duration;

/// Somebody who can call.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who it is.
    pub user: UserId,
    /// Whose data this person's calls are about.
    pub organization: OrganizationId,
    /// What the token grants.
    pub grants: Grants,
    /// An access token, good for an hour.
    pub token: String,
}

/// What a token grants.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// Roles, within an organization where they are tenant roles.
    pub roles: Vec<Grant<Role>>,
    /// Features, likewise.
    pub features: Vec<Grant<Feature>>,
    /// How many events the user had when that was so; `None` if nobody asked.
    pub version: Option<u64>,
}

impl Grants {
    /// What `tokens mint` gives without flags: owner of an organization with a paid trial.
    #[must_use]
    pub fn owner(organization: &OrganizationId) -> Self {
        Self {
            roles: vec![
                (Role::PlatformStandard, None),
                (Role::TenantOwner, Some(organization.clone())),
            ],
            features: vec![
                (Feature::PlatformPaidTrial, None),
                (Feature::TenantPaidTrial, Some(organization.clone())),
            ],
            version: None,
        }
    }

    /// Exactly one role and one feature, each where it counts.
    #[must_use]
    pub fn exactly(
        role: Option<Role>,
        feature: Option<Feature>,
        organization: &OrganizationId,
    ) -> Self {
        let within = |tenant: bool| tenant.then(|| organization.clone());
        Self {
            roles: role.into_iter().map(|role| (role, within(role.is_tenant()))).collect(),
            features: feature.into_iter().map(|held| (held, within(held.is_tenant()))).collect(),
            version: None,
        }
    }
}

/// A token for somebody, good for `lifetime` from now on; expired already if that is negative.
#[must_use]
pub fn token(
    tokens: &Tokens,
    user: &UserId,
    grants: &Grants,
    now: Timestamp,
    lifetime: Duration,
) -> String {
    let new = NewToken {
        user,
        roles: &grants.roles,
        features: &grants.features,
        version: grants.version,
        logged_in_at: now,
        lifetime,
    };
    tokens.issue(&new).expect("the token can be signed")
}
