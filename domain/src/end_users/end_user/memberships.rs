//! Memberships: where a user belongs, and what it may do there.

use super::{EndUser, EndUserError};
use crate::{
    end_users::{EndUserEvent, Membership, MembershipId, Ownership, UserStatus, initial, plans},
    kernel::{FeatureSet, OrganizationId, UserId, roles::Role},
    subscriptions::Tier,
};

impl EndUser {
    /// Makes the creator of an organization a member of it; nothing happens if it is one. The first
    /// organization becomes the default, and so does a shared one; a personal one does not take
    /// over from an organization that invited the user before it registered.
    ///
    /// # Errors
    /// [`EndUserError::SecondPersonalOrganization`].
    pub fn join_as_creator(
        &self,
        id: MembershipId,
        organization: OrganizationId,
        ownership: Ownership,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        if self.membership(&organization).is_some() {
            return Ok(vec![]);
        }
        let personal = |known: &Membership| known.ownership == Ownership::Personal;
        if ownership == Ownership::Personal && self.memberships.iter().any(personal) {
            return Err(EndUserError::SecondPersonalOrganization);
        }
        let roles = initial::creator_roles(self.classification, ownership).expanded();
        let features = initial::creator_features(&self.features).expanded();
        let first = self.memberships.is_empty();
        let mut events = vec![EndUserEvent::MembershipAdded {
            membership_id: id.clone(),
            organization_id: organization.clone(),
            ownership,
            is_default: first,
            roles: roles.clone(),
            features: features.clone(),
        }];
        if first || ownership == Ownership::Shared {
            events.push(EndUserEvent::DefaultMembershipChanged {
                from_membership_id: self.default_membership().map(|known| known.id.clone()),
                to_membership_id: id,
                to_organization_id: organization,
                roles,
                features,
            });
        }
        Ok(events)
    }

    /// Makes the user a plain member of a shared organization, where it works by default from now
    /// on; nothing happens if it is one.
    #[must_use]
    pub fn join_as_member(
        &self,
        id: MembershipId,
        organization: OrganizationId,
    ) -> Vec<EndUserEvent> {
        if self.membership(&organization).is_some() {
            return vec![];
        }
        let roles = initial::member_roles().expanded();
        let features = initial::member_features().expanded();
        vec![
            EndUserEvent::MembershipAdded {
                membership_id: id.clone(),
                organization_id: organization.clone(),
                ownership: Ownership::Shared,
                is_default: self.memberships.is_empty(),
                roles: roles.clone(),
                features: features.clone(),
            },
            EndUserEvent::DefaultMembershipChanged {
                from_membership_id: self.default_membership().map(|known| known.id.clone()),
                to_membership_id: id,
                to_organization_id: organization,
                roles,
                features,
            },
        ]
    }

    /// Takes a membership away; nothing happens if there is none. If the user worked there by
    /// default, it works from now on where it became a member last. What it had on the platform for
    /// this one only goes with it, but not what it began with.
    ///
    /// # Errors
    /// [`EndUserError::PersonalOrganizationStays`].
    pub fn leave(
        &self,
        organization: &OrganizationId,
        by: &UserId,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        let Some(leaving) = self.membership(organization) else { return Ok(vec![]) };
        if leaving.ownership == Ownership::Personal {
            return Err(EndUserError::PersonalOrganizationStays);
        }
        let mut others = self.memberships.iter().rev();
        let next = others.find(|other| leaving.is_default && other.id != leaving.id);
        let mut events = vec![];
        events.extend(next.map(|next| self.default_changed(next)));
        events.push(EndUserEvent::MembershipRemoved {
            membership_id: leaving.id.clone(),
            organization_id: organization.clone(),
            un_invited_by_id: by.clone(),
        });
        events.extend(self.platform_features_without(leaving, by));
        Ok(events)
    }

    /// The features of the platform once a membership is gone, if that is where they came from.
    fn platform_features_without(&self, leaving: &Membership, by: &UserId) -> Option<EndUserEvent> {
        let for_this = plans::platform_features(plans::highest(&[&leaving.features]));
        if self.status != UserStatus::Registered || self.erased || self.features != for_this {
            return None;
        }
        let others = self.memberships.iter().filter(|other| other.id != leaving.id);
        let others: Vec<&FeatureSet> = others.map(|other| &other.features).collect();
        let for_others = plans::platform_features(plans::highest(&others));
        let first = self.first_features.reduced().iter().copied();
        let left = first.fold(for_others, FeatureSet::with);
        let lower = left.reduced().iter().all(|feature| self.features.has(*feature));
        (lower && left != self.features).then(|| EndUserEvent::PlatformFeaturesReset {
            assigned_by_id: by.clone(),
            features: left.expanded(),
        })
    }

    /// Lets the user work in an organization when it does not say where; nothing happens if it does
    /// already.
    ///
    /// # Errors
    /// [`EndUserError::NotMember`].
    pub fn change_default(
        &self,
        organization: &OrganizationId,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        let to = self.membership(organization).ok_or(EndUserError::NotMember)?;
        Ok(if to.is_default { vec![] } else { vec![self.default_changed(to)] })
    }

    /// Gives a role in an organization; nothing happens if it is held.
    ///
    /// # Errors
    /// [`EndUserError::NotMember`] or [`EndUserError::RoleNotAssignable`].
    pub fn assign_tenant_role(
        &self,
        organization: &OrganizationId,
        role: Role,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        let membership = self.member_with(organization, role)?;
        if membership.roles.has(role) {
            return Ok(vec![]);
        }
        Ok(vec![EndUserEvent::MembershipRoleAssigned {
            membership_id: membership.id.clone(),
            organization_id: organization.clone(),
            role,
        }])
    }

    /// Takes a role in an organization away, and leaves what it grants; nothing happens if it is not
    /// held, or another role that is held grants it.
    ///
    /// # Errors
    /// [`EndUserError::NotMember`], [`EndUserError::RoleNotAssignable`] or
    /// [`EndUserError::MemberRoleStays`].
    pub fn unassign_tenant_role(
        &self,
        organization: &OrganizationId,
        role: Role,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        let membership = self.member_with(organization, role)?;
        let left = membership.roles.clone().without(role);
        if left == membership.roles {
            return Ok(vec![]);
        }
        if !left.has(Role::TenantMember) {
            return Err(EndUserError::MemberRoleStays);
        }
        Ok(vec![EndUserEvent::MembershipRoleUnassigned {
            membership_id: membership.id.clone(),
            organization_id: organization.clone(),
            role,
        }])
    }

    /// Gives the features of what an organization has subscribed to: in it, and on the platform those
    /// of the highest that any organization of the user has, whichever changed last. Nothing happens
    /// to who is no member or was erased, and to features that are so already. Who has not registered
    /// has none on the platform yet.
    #[must_use]
    pub fn reset_features(
        &self,
        organization: &OrganizationId,
        tier: Tier,
        by: &UserId,
    ) -> Vec<EndUserEvent> {
        let Some(membership) = self.membership(organization).filter(|_| !self.erased) else {
            return vec![];
        };
        let mut events = vec![];
        let within = plans::tenant_features(tier);
        if membership.features != within {
            events.push(EndUserEvent::MembershipFeaturesReset {
                assigned_by_id: by.clone(),
                membership_id: membership.id.clone(),
                organization_id: organization.clone(),
                features: within.expanded(),
            });
        }
        let elsewhere = self.memberships.iter().filter(|other| other.id != membership.id);
        let all: Vec<&FeatureSet> =
            elsewhere.map(|other| &other.features).chain([&within]).collect();
        let platform = plans::platform_features(plans::highest(&all));
        if self.status == UserStatus::Registered && self.features != platform {
            events.push(EndUserEvent::PlatformFeaturesReset {
                assigned_by_id: by.clone(),
                features: platform.expanded(),
            });
        }
        events
    }

    fn member_with(
        &self,
        organization: &OrganizationId,
        role: Role,
    ) -> Result<&Membership, EndUserError> {
        let membership = self.membership(organization).ok_or(EndUserError::NotMember)?;
        if role.is_tenant() { Ok(membership) } else { Err(EndUserError::RoleNotAssignable) }
    }

    fn default_changed(&self, to: &Membership) -> EndUserEvent {
        EndUserEvent::DefaultMembershipChanged {
            from_membership_id: self.default_membership().map(|known| known.id.clone()),
            to_membership_id: to.id.clone(),
            to_organization_id: to.organization.clone(),
            roles: to.roles.expanded(),
            features: to.features.expanded(),
        }
    }
}
