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

use crate::{App, Call, Loaded, Result, caller::Grant, ports::ClaimRef};

pub mod assign_roles;
pub mod inspect;
pub mod reactions;
pub mod register;
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

/// The read model of end users.
#[async_trait]
pub trait EndUserReads: Send + Sync {
    /// One user with its memberships, and its version; `None` if there is none.
    async fn user(&self, id: &UserId) -> Result<Option<(EndUserWithMemberships, u64)>>;
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

/// What the tokens of a user grant: everything that it holds on the platform and in every
/// organization, with what that grants. The default organization comes first among those.
#[must_use]
pub fn grants(user: &EndUser) -> (Vec<Grant<Role>>, Vec<Grant<Feature>>) {
    let mut memberships: Vec<&Membership> = user.memberships().iter().collect();
    memberships.sort_by_key(|membership| !membership.is_default);
    let mut roles = within(user.roles(), None);
    let mut features = within(user.features(), None);
    for membership in memberships {
        let organization = Some(&membership.organization);
        roles.extend(within(&membership.roles, organization));
        features.extend(within(&membership.features, organization));
    }
    (roles, features)
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
