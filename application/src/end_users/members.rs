//! Lists the members of an organization.

use std::collections::HashMap;

use domain::{
    end_users::{Classification, UserStatus},
    kernel::{
        ErrorKind, OrganizationId, UserId,
        roles::{Feature, Role},
    },
};
use serde::{Deserialize, Serialize};

use super::{END_USERS, Member, classification_name, status_name};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{id, parse_all},
    search::{Rows, SearchMetadata, SearchOptions},
    user_profiles::{PersonNameView, USER_PROFILES, UserProfileView},
};

/// Lists the members of an organization that the caller is a member of, those who came first first
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ListMembersForOrganization {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// A member of an organization as the others see it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrganizationMember)]
pub struct MemberView {
    /// `mship_…`
    pub id: String,
    /// Who.
    pub user_id: String,
    /// `person` or `machine`.
    pub classification: String,
    /// Where a person can be reached; of a guest, where it was invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_address: Option<String>,
    /// First and last name; of a guest, where it was invited.
    pub name: PersonNameView,
    /// Whether it works there when it does not say where.
    pub is_default: bool,
    /// Whether it owns the organization.
    pub is_owner: bool,
    /// Whether it is more than a guest.
    pub is_registered: bool,
    /// Roles in the organization, with everything that they grant.
    pub roles: Vec<String>,
    /// Features in the organization, with everything that they grant.
    pub features: Vec<String>,
}

/// The answer of [`ListMembersForOrganization`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ListMembersForOrganizationResponse {
    /// One page.
    #[schema(value_type = Vec<MemberView>)]
    pub members: Rows<MemberView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

impl UseCase for ListMembersForOrganization {
    const NAME: &'static str = "end_users.list_members";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantMember).with(Feature::TenantBasic);
    const READS: &'static [&'static str] = &[END_USERS, USER_PROFILES];
    type Output = ListMembersForOrganizationResponse;

    async fn run(self, app: &App, call: &Call) -> Result<ListMembersForOrganizationResponse> {
        let (organization,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        let search = self.options.parse()?;
        // What the token says may be outdated.
        let caller = app.end_users.load(call, call.caller.id.as_str()).await?;
        if caller.state.membership(&organization).is_none() {
            return Err(not_a_member());
        }
        let found = app.end_user_reads.members(&organization, &search).await?;
        let users = found.rows.iter().map(|member| UserId::parse(&member.membership.user_id));
        let users = users.collect::<Result<Vec<_>, _>>()?;
        let profiles = app.user_profile_reads.of_users(&users).await?;
        let mut profiles: HashMap<String, UserProfileView> =
            profiles.into_iter().map(|profile| (profile.user_id.clone(), profile)).collect();
        let members = found.rows.into_iter().map(|member| {
            let profile = profiles.remove(&member.membership.user_id);
            MemberView::of(member, profile)
        });
        Ok(ListMembersForOrganizationResponse {
            members: search.rows(members.collect()),
            metadata: search.metadata(found.total),
        })
    }
}

impl MemberView {
    fn of(member: Member, profile: Option<UserProfileView>) -> Self {
        let Member { membership, status, invited_at } = member;
        let is_registered = status == status_name(UserStatus::Registered);
        let called = |first_name: String| PersonNameView { first_name, last_name: None };
        let (classification, email_address, name) = match profile {
            Some(profile) if is_registered => {
                (profile.classification, profile.email_address, profile.name)
            }
            None if is_registered => {
                let machine = classification_name(Classification::Machine).to_owned();
                (machine, None, called(membership.user_id.clone()))
            }
            _ => {
                let person = classification_name(Classification::Person).to_owned();
                (person, invited_at.clone(), called(invited_at.unwrap_or_default()))
            }
        };
        Self {
            id: membership.id,
            user_id: membership.user_id,
            classification,
            email_address,
            name,
            is_default: membership.is_default,
            is_owner: membership.roles.iter().any(|role| role == Role::TenantOwner.name()),
            is_registered,
            roles: membership.roles,
            features: membership.features,
        }
    }
}

fn not_a_member() -> Error {
    let message = "the caller is not a member of the organization any more";
    Error::refused(ErrorKind::Forbidden, "not_a_member", message)
}
