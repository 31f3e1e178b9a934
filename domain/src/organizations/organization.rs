//! The organization: its rules.

mod belonging;
mod error;
mod members;
mod settings;

use std::collections::BTreeMap;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::{NewOrganization, OrganizationEvent, Setting};
use crate::{
    emails::delivery,
    end_users::{Classification, Ownership, initial},
    kernel::{Aggregate, Evolve, OrganizationId, RoleSet, UserId, roles::Role},
    subscriptions::SubscriptionId,
};

use belonging::Belonging;
pub use error::OrganizationError;
pub use members::Invited;

/// An organization as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    name: String,
    ownership: Option<Ownership>,
    created_by: Option<UserId>,
    /// Copies share what none of them changes, so that copying costs nothing, however many it has.
    members: RedBlackTreeMapSync<UserId, Belonging>,
    settings: BTreeMap<String, Setting>,
    subscription: Option<SubscriptionId>,
    subscriber: Option<UserId>,
    deleted: bool,
}

impl Organization {
    /// Founds it.
    #[must_use]
    pub fn create(new: NewOrganization) -> Vec<OrganizationEvent> {
        new.into_events()
    }

    /// Founds one that others can be invited to: only people do.
    ///
    /// # Errors
    /// [`OrganizationError::FoundedByMachine`].
    pub fn create_shared(
        new: NewOrganization,
        by: Classification,
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        match by {
            Classification::Person => Ok(Self::create(new)),
            Classification::Machine => Err(OrganizationError::FoundedByMachine),
        }
    }

    /// Changes what it is called; nothing happens if there is no new name or it is the same.
    ///
    /// # Errors
    /// [`OrganizationError::NotOwner`].
    pub fn rename(
        &self,
        by: &UserId,
        name: Option<&str>,
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        self.must_own(by)?;
        let new = name.filter(|name| *name != self.name);
        Ok(new
            .map(|name| OrganizationEvent::NameChanged { name: name.to_owned() })
            .into_iter()
            .collect())
    }

    /// Deletes it for good. Whether its subscription can end now is for the billing provider to say.
    ///
    /// # Errors
    /// In this order: [`OrganizationError::NotOwner`], [`OrganizationError::Personal`],
    /// [`OrganizationError::NotSubscriber`], [`OrganizationError::StillSubscribed`] or
    /// [`OrganizationError::OtherMembers`].
    pub fn delete(
        &self,
        by: &UserId,
        can_be_unsubscribed: bool,
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        self.must_own(by)?;
        self.must_be_shared()?;
        if self.subscriber.as_ref() != Some(by) {
            return Err(OrganizationError::NotSubscriber);
        }
        if !can_be_unsubscribed {
            return Err(OrganizationError::StillSubscribed);
        }
        if self.members().any(|member| member != by) {
            return Err(OrganizationError::OtherMembers);
        }
        Ok(vec![OrganizationEvent::Deleted { deleted_by_id: by.clone() }])
    }

    /// Notes who pays for it, by which subscription; nothing happens once somebody does.
    #[must_use]
    pub fn subscribe(
        &self,
        subscription: &SubscriptionId,
        buyer: &UserId,
    ) -> Vec<OrganizationEvent> {
        if self.subscription.is_some() {
            return vec![];
        }
        vec![OrganizationEvent::BillingSubscribed {
            subscription_id: subscription.clone(),
            subscriber_id: buyer.clone(),
        }]
    }

    /// Notes that somebody else pays for it; nothing happens if somebody else did before.
    #[must_use]
    pub fn transfer(&self, from: &UserId, to: &UserId) -> Vec<OrganizationEvent> {
        if self.subscriber.as_ref() != Some(from) || from == to {
            return vec![];
        }
        vec![OrganizationEvent::BillingSubscriberChanged {
            from_subscriber_id: from.clone(),
            to_subscriber_id: to.clone(),
        }]
    }

    /// As it will be as soon as it is told who pays for it; as it is if nobody does.
    #[must_use]
    pub fn paid_by(&self, buyer: Option<&UserId>) -> Self {
        let subscriber = buyer.or(self.subscriber.as_ref()).cloned();
        Self { subscriber, ..self.clone() }
    }

    fn must_own(&self, by: &UserId) -> Result<(), OrganizationError> {
        let owner = self.roles_of(by).is_some_and(|roles| roles.has(Role::TenantOwner));
        if owner { Ok(()) } else { Err(OrganizationError::NotOwner) }
    }

    /// Whoever is nothing after it is forgotten.
    fn change_member(&mut self, user: UserId, change: impl FnOnce(Belonging) -> Belonging) {
        let changed = change(self.members.get(&user).cloned().unwrap_or_default());
        if changed.is_nothing() {
            self.members.remove_mut(&user);
        } else {
            self.members.insert_mut(user, changed);
        }
    }

    fn must_be_shared(&self) -> Result<(), OrganizationError> {
        match self.ownership {
            Some(Ownership::Shared) => Ok(()),
            Some(Ownership::Personal) | None => Err(OrganizationError::Personal),
        }
    }

    /// Whether the user pays for it; its creator does as long as nobody has subscribed.
    fn is_paid_by(&self, user: &UserId) -> bool {
        self.subscriber.as_ref().or(self.created_by.as_ref()) == Some(user)
    }

    /// What it is called; empty once the user that it belonged to was erased.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Whether it belongs to one user alone.
    #[must_use]
    pub fn ownership(&self) -> Option<Ownership> {
        self.ownership
    }
    /// Who founded it.
    #[must_use]
    pub fn created_by(&self) -> Option<&UserId> {
        self.created_by.as_ref()
    }
    /// Who belongs to it, whoever is about to leave included.
    pub fn members(&self) -> impl Iterator<Item = &UserId> {
        self.members.iter().filter(|(_, how)| how.is_noted()).map(|(user, _)| user)
    }
    /// What a user may do in it; `None` if it is no member, or is about to leave. It begins with
    /// what a new member may, and its creator with everything.
    #[must_use]
    pub fn roles_of(&self, user: &UserId) -> Option<&RoleSet> {
        self.members.get(user)?.roles()
    }
    /// Its settings by their names.
    #[must_use]
    pub fn settings(&self) -> &BTreeMap<String, Setting> {
        &self.settings
    }
    /// What it is paid by.
    #[must_use]
    pub fn subscription(&self) -> Option<&SubscriptionId> {
        self.subscription.as_ref()
    }
    /// Who pays for it.
    #[must_use]
    pub fn subscriber(&self) -> Option<&UserId> {
        self.subscriber.as_ref()
    }
}

impl Evolve for Organization {
    const TYPE: &'static str = "organization";
    type Event = OrganizationEvent;

    fn evolve(&mut self, event: &OrganizationEvent) {
        match event.clone() {
            OrganizationEvent::Created { ownership, created_by_id, host_region: _, name } => {
                self.name = name;
                self.ownership = Some(ownership);
                self.created_by = Some(created_by_id.clone());
                // Nothing says whether the creator of a personal one is a machine, which is but an
                // owner there: it pays all the same, and roles in a personal one never change.
                let roles = initial::creator_roles(Classification::Person, ownership);
                self.members.insert_mut(created_by_id, Belonging::expected(roles));
            }
            OrganizationEvent::SettingCreated { name, string_value, value_type, is_encrypted } => {
                let setting = Setting { value: string_value, kind: value_type, is_encrypted };
                self.settings.insert(name, setting);
            }
            OrganizationEvent::SettingUpdated {
                name,
                from: _,
                from_type: _,
                to: value,
                to_type: kind,
                is_encrypted,
            } => {
                self.settings.insert(name, Setting { value, kind, is_encrypted });
            }
            OrganizationEvent::NameChanged { name } => self.name = name,
            OrganizationEvent::MemberInvited { .. } => {}
            // Whoever leaves decides nothing any more.
            OrganizationEvent::MemberUnInvited { uninvited_id, uninvited_by_id: _ } => {
                self.change_member(uninvited_id, Belonging::leave);
            }
            OrganizationEvent::MembershipAdded { user_id } => {
                self.change_member(user_id, Belonging::join);
            }
            OrganizationEvent::MembershipRemoved { user_id } => {
                self.members.remove_mut(&user_id);
            }
            OrganizationEvent::RoleAssigned { assigned_by_id: _, user_id, role } => {
                self.change_member(user_id, |how| how.with(|roles| roles.with(role)));
            }
            OrganizationEvent::RoleUnassigned { unassigned_by_id: _, user_id, role } => {
                self.change_member(user_id, |how| how.with(|roles| roles.without(role)));
            }
            OrganizationEvent::BillingSubscribed { subscription_id, subscriber_id } => {
                self.subscription = Some(subscription_id);
                self.subscriber = Some(subscriber_id);
            }
            OrganizationEvent::BillingSubscriberChanged {
                from_subscriber_id: _,
                to_subscriber_id,
            } => self.subscriber = Some(to_subscriber_id),
            OrganizationEvent::Deleted { deleted_by_id: _ } => self.deleted = true,
        }
    }
}

impl Aggregate for Organization {
    const STATE_VERSION: u32 = 3;

    /// The platform's: it is the tenant itself, and is looked after by reactions too.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        self.deleted
    }
    /// A personal one bears the name of its user; that of a shared one is nobody's secret.
    fn subject(&self, _: &str) -> Option<String> {
        let personal = self.ownership == Some(Ownership::Personal);
        self.created_by.as_ref().filter(|_| personal).map(ToString::to_string)
    }
    /// An address is that of whoever receives what is sent to it.
    fn subject_of(&self, id: &str, event: &OrganizationEvent) -> Option<String> {
        match event {
            OrganizationEvent::MemberInvited { mailbox: Some(mailbox), .. } => {
                Some(delivery::subject_of(mailbox))
            }
            _ => self.subject(id),
        }
    }
}

#[cfg(test)]
mod tests;
