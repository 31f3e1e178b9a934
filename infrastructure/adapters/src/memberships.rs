//! Memberships as the caller's own token tells them.

use application::{Caller, Result, ports::Memberships};
use async_trait::async_trait;
use domain::kernel::OrganizationId;

/// Members of an organization are those whose token names it in a tenant role or feature; the
/// default organization is the first one that the token names.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenMemberships;

fn organizations(caller: &Caller) -> impl Iterator<Item = &OrganizationId> {
    let roles = caller.roles.iter().filter_map(|(_, organization)| organization.as_ref());
    roles.chain(caller.features.iter().filter_map(|(_, organization)| organization.as_ref()))
}

#[async_trait]
impl Memberships for TokenMemberships {
    async fn is_member(&self, caller: &Caller, organization: &OrganizationId) -> Result<bool> {
        Ok(organizations(caller).any(|own| own == organization))
    }
    async fn default_organization(&self, caller: &Caller) -> Result<Option<OrganizationId>> {
        Ok(organizations(caller).next().cloned())
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::roles::{Feature, Role};

    use super::*;

    fn organization(text: &str) -> OrganizationId {
        OrganizationId::parse(text).unwrap()
    }

    #[test]
    fn every_organization_of_the_token_counts_and_the_first_is_the_default() {
        let (first, second) = (organization("org_aaaaaaaaaa"), organization("org_bbbbbbbbbb"));
        let caller = Caller {
            roles: vec![(Role::PlatformStandard, None), (Role::TenantMember, Some(first.clone()))],
            features: vec![(Feature::TenantBasic, Some(second.clone()))],
            ..Caller::anonymous()
        };
        let named: Vec<_> = organizations(&caller).collect();
        assert_eq!(named, [&first, &second]);
    }
}
