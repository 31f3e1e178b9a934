//! End users: views, the read port and the use cases.

use async_trait::async_trait;
use domain::{
    end_users::{Access, Classification, EndUser, Membership, MembershipId, Ownership, UserStatus},
    kernel::{
        EmailAddress, IdToken, OrganizationId, UserId,
        level_set::{Level, LevelSet},
        roles::{Feature, Role},
    },
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, Call, Caller, Loaded, Result,
    caller::{CallerKind, Grant},
    ports::ClaimRef,
    search::{Found, Search},
};

pub mod assign_roles;
pub mod change_default;
pub mod erase;
pub mod guests;
pub mod inspect;
pub mod invitations;
pub mod list_memberships;
pub mod members;
pub mod reactions;
pub mod register;
pub mod register_machine;
pub mod roles;
pub mod unassign_roles;

/// Permanent name of the projection that serves end users and their memberships.
pub const END_USERS: &str = "end_users";

/// An end user as callers see it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = EndUser)]
pub struct EndUserView {
    /// `user_…`
    pub id: String,
    /// Whether it may sign in: `enabled` or `suspended`.
    pub access: String,
    /// `unregistered` or `registered`.
    pub status: String,
    /// `person` or `machine`.
    pub classification: String,
    /// Roles of the platform, with everything that they grant.
    pub roles: Vec<String>,
    /// Features of the platform, with everything that they grant.
    pub features: Vec<String>,
}

/// A membership of a user in an organization.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Membership)]
pub struct MembershipView {
    /// `mship_…`
    pub id: String,
    /// Who.
    pub user_id: String,
    /// Where.
    pub organization_id: String,
    /// `shared` or `personal`.
    pub ownership: String,
    /// Whether the user works there when it does not say where.
    pub is_default: bool,
    /// Roles in the organization, with everything that they grant.
    pub roles: Vec<String>,
    /// Features in the organization, with everything that they grant.
    pub features: Vec<String>,
}

/// An end user with all its memberships.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = EndUserWithMemberships)]
pub struct EndUserWithMemberships {
    /// The user.
    #[serde(flatten)]
    pub user: EndUserView,
    /// In the order in which it became a member.
    pub memberships: Vec<MembershipView>,
}

/// The answer of everything that changes one end user.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EndUserAnswer {
    /// The user after the call.
    pub user: EndUserView,
}

/// A member of an organization, as the read model of end users knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What it may do there.
    pub membership: MembershipView,
    /// `unregistered` or `registered`.
    pub status: String,
    /// Where a guest was invited.
    pub invited_at: Option<String>,
}

/// The read model of end users.
#[async_trait]
pub trait EndUserReads: Send + Sync {
    /// One user with its memberships, and its version; `None` if there is none.
    async fn user(&self, id: &UserId) -> Result<Option<(EndUserWithMemberships, u64)>>;
    /// Where a user is a member, in the order in which it became one; `None` if there is no such user.
    async fn memberships(&self, id: &UserId) -> Result<Option<Vec<MembershipView>>>;
    /// A page of the members of an organization, those who came first first.
    async fn members(
        &self,
        organization: &OrganizationId,
        search: &Search,
    ) -> Result<Found<Member>>;
}

/// `enabled` or `suspended`, as the wire has it.
#[must_use]
pub fn access_name(access: Access) -> &'static str {
    match access {
        Access::Enabled => "enabled",
        Access::Suspended => "suspended",
    }
}

/// `unregistered` or `registered`, as the wire has it.
#[must_use]
pub fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Unregistered => "unregistered",
        UserStatus::Registered => "registered",
    }
}

/// `person` or `machine`, as the wire has it.
#[must_use]
pub fn classification_name(classification: Classification) -> &'static str {
    match classification {
        Classification::Person => "person",
        Classification::Machine => "machine",
    }
}

/// `shared` or `personal`, as the wire has it.
#[must_use]
pub fn ownership_name(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Shared => "shared",
        Ownership::Personal => "personal",
    }
}

/// The names of roles and what they grant.
#[must_use]
pub fn role_names(roles: &LevelSet<Role>) -> Vec<String> {
    roles.expanded().into_iter().map(|role| role.name().to_owned()).collect()
}

/// The names of features and what they grant.
#[must_use]
pub fn feature_names(features: &LevelSet<Feature>) -> Vec<String> {
    features.expanded().into_iter().map(|feature| feature.name().to_owned()).collect()
}

/// Of so many organizations an access token tells what its user may do there: anybody can make
/// somebody a member, and a token must stay short enough to be sent.
pub const MOST_IN_TOKEN: usize = 100;

/// What the tokens of a user grant: everything that it holds on the platform and in `most` of its
/// organizations, with what that grants. The default organization comes first among those.
#[must_use]
pub fn grants(user: &EndUser, most: usize) -> (Vec<Grant<Role>>, Vec<Grant<Feature>>) {
    let mut roles = within(user.roles(), None);
    let mut features = within(user.features(), None);
    for membership in default_first(user).into_iter().take(most) {
        let organization = Some(&membership.organization);
        roles.extend(within(&membership.roles, organization));
        features.extend(within(&membership.features, organization));
    }
    (roles, features)
}

/// A user who calls, with everything that it holds now.
#[must_use]
pub fn caller(id: &UserId, user: &EndUser) -> Caller {
    let (roles, features) = grants(user, usize::MAX);
    let organizations = default_first(user).into_iter().map(|own| own.organization.clone());
    let organizations = organizations.collect();
    Caller { id: id.clone(), kind: CallerKind::User, roles, features, organizations }
}

/// The default membership, then the others as they came.
fn default_first(user: &EndUser) -> Vec<&Membership> {
    let mut memberships: Vec<&Membership> = user.memberships().iter().collect();
    memberships.sort_by_key(|membership| !membership.is_default);
    memberships
}

fn within<L: Level>(levels: &LevelSet<L>, organization: Option<&OrganizationId>) -> Vec<Grant<L>> {
    levels.expanded().into_iter().map(|level| (level, organization.cloned())).collect()
}

/// The id of the membership that a user has of an organization: always the same one.
#[must_use]
pub fn membership_id(user: &UserId, organization: &OrganizationId) -> MembershipId {
    let both = format!("{user}/{organization}");
    let bits = Uuid::new_v5(&Uuid::NAMESPACE_OID, both.as_bytes()).as_u128();
    MembershipId::new(IdToken::from_bits(bits))
}

/// What a user takes so that no other has its e-mail address.
#[must_use]
pub fn email_claim(digest: &str) -> ClaimRef {
    ClaimRef::platform("email", digest)
}

impl App {
    /// What claims and events hold of an e-mail address.
    #[must_use]
    pub fn email_digest(&self, email: &EmailAddress) -> String {
        self.vault.digest("email", email.as_str())
    }

    /// The user that registered with an e-mail address.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn user_of(
        &self,
        call: &Call,
        email: &EmailAddress,
    ) -> Result<Option<Loaded<EndUser>>> {
        let owner = self.log.owner(&email_claim(&self.email_digest(email))).await?;
        match owner {
            Some(stream) => Ok(Some(self.end_users.load(call, &stream.id).await?)),
            None => Ok(None),
        }
    }
}

impl From<&Loaded<EndUser>> for EndUserView {
    fn from(user: &Loaded<EndUser>) -> Self {
        let state = &user.state;
        Self {
            id: user.id.clone(),
            access: access_name(state.access()).to_owned(),
            status: status_name(state.status()).to_owned(),
            classification: classification_name(state.classification()).to_owned(),
            roles: role_names(state.roles()),
            features: feature_names(state.features()),
        }
    }
}

impl From<&Loaded<EndUser>> for EndUserAnswer {
    fn from(user: &Loaded<EndUser>) -> Self {
        Self { user: EndUserView::from(user) }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        end_users::{RegisteredProfile, Registration},
        kernel::Evolve,
    };

    use super::*;

    fn organization(text: &str) -> OrganizationId {
        OrganizationId::parse(text).expect("valid")
    }

    fn person() -> EndUser {
        let mut user = EndUser::default();
        let events = user.register_person(Registration {
            email: EmailAddress::parse("ann@company.com").expect("valid"),
            email_digest: "digest".to_owned(),
            profile: RegisteredProfile::default(),
            operator: false,
            host_region: "aregion".to_owned(),
        });
        for event in events.expect("new") {
            user.evolve(&event);
        }
        user
    }

    fn join(user: &mut EndUser, organization: &OrganizationId, ownership: Ownership) {
        let id = UserId::parse("user_aaaaaaaaaa").expect("valid");
        let id = membership_id(&id, organization);
        for event in user.join_as_creator(id, organization.clone(), ownership).expect("allowed") {
            user.evolve(&event);
        }
    }

    #[test]
    fn tokens_grant_everything_and_begin_with_the_default() {
        let (own, shared) = (organization("org_bbbbbbbbbb"), organization("org_cccccccccc"));
        let mut user = person();
        join(&mut user, &own, Ownership::Personal);
        join(&mut user, &shared, Ownership::Shared);
        let (roles, features) = grants(&user, usize::MAX);
        let roles: Vec<_> = roles.iter().map(|(role, at)| (role.name(), at.as_ref())).collect();
        let tenant = ["tenant_billing_admin", "tenant_owner", "tenant_member"];
        let within = |at| tenant.into_iter().map(move |name| (name, Some(at)));
        let expected = [("platform_standard", None)].into_iter();
        let expected: Vec<_> = expected.chain(within(&shared)).chain(within(&own)).collect();
        assert_eq!(roles, expected);
        assert_eq!(features.len(), 6);
        let (roles, _) = grants(&user, 1);
        assert!(roles.iter().all(|(_, at)| at.as_ref() != Some(&own)), "only of the default");
        assert_eq!(caller(&UserId::anonymous(), &user).organizations, [shared, own]);
    }

    #[test]
    fn a_membership_has_one_id() {
        let (a, b) = (organization("org_bbbbbbbbbb"), organization("org_cccccccccc"));
        let user = UserId::parse("user_aaaaaaaaaa").expect("valid");
        assert_eq!(membership_id(&user, &a), membership_id(&user, &a));
        assert_ne!(membership_id(&user, &a), membership_id(&user, &b));
    }
}
