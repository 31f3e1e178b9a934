//! The organization: its rules.

use serde::{Deserialize, Serialize};

use super::OrganizationEvent;
use crate::{
    end_users::Ownership,
    kernel::{Aggregate, Evolve, OrganizationId, PersonName, UserId, person_name},
    subscriptions::SubscriptionId,
};

/// An organization as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    name: String,
    ownership: Option<Ownership>,
    created_by: Option<UserId>,
    members: Vec<UserId>,
    subscription: Option<SubscriptionId>,
    subscriber: Option<UserId>,
}

/// What an organization begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the event documents them")]
pub struct NewOrganization {
    pub name: String,
    pub ownership: Ownership,
    pub created_by: UserId,
    pub host_region: String,
}

impl NewOrganization {
    /// The organization that a user has for itself alone, with its name, as far as that fits.
    #[must_use]
    pub fn personal(user: &UserId, name: &PersonName, host_region: &str) -> Self {
        Self {
            name: name.full().chars().take(person_name::MAX).collect(),
            ownership: Ownership::Personal,
            created_by: user.clone(),
            host_region: host_region.to_owned(),
        }
    }
}

impl Organization {
    /// Founds it.
    #[must_use]
    pub fn create(new: NewOrganization) -> Vec<OrganizationEvent> {
        let NewOrganization { name, ownership, created_by, host_region } = new;
        vec![OrganizationEvent::Created { ownership, created_by_id: created_by, host_region, name }]
    }

    /// Notes a member; nothing happens if it is known.
    #[must_use]
    pub fn add_member(&self, user: &UserId) -> Vec<OrganizationEvent> {
        if self.members.contains(user) {
            return vec![];
        }
        vec![OrganizationEvent::MembershipAdded { user_id: user.clone() }]
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
    /// Who belongs to it.
    #[must_use]
    pub fn members(&self) -> &[UserId] {
        &self.members
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
                self.created_by = Some(created_by_id);
            }
            OrganizationEvent::MembershipAdded { user_id } => self.members.push(user_id),
            OrganizationEvent::NameChanged { name } => self.name = name,
            OrganizationEvent::MembershipRemoved { user_id } => {
                self.members.retain(|known| *known != user_id);
            }
            OrganizationEvent::BillingSubscriberChanged { to_subscriber_id, .. } => {
                self.subscriber = Some(to_subscriber_id);
            }
            OrganizationEvent::Deleted { deleted_by_id: _ }
            | OrganizationEvent::SettingCreated { .. }
            | OrganizationEvent::MemberInvited { .. }
            | OrganizationEvent::MemberUnInvited { .. }
            | OrganizationEvent::RoleAssigned { .. }
            | OrganizationEvent::RoleUnassigned { .. } => {}
            OrganizationEvent::BillingSubscribed { subscription_id, subscriber_id } => {
                self.subscription = Some(subscription_id);
                self.subscriber = Some(subscriber_id);
            }
        }
    }
}

impl Aggregate for Organization {
    const STATE_VERSION: u32 = 1;

    /// The platform's: it is the tenant itself, and is looked after by reactions too.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        false
    }
    /// A personal one bears the name of its user; that of a shared one is nobody's secret.
    fn subject(&self, _: &str) -> Option<String> {
        let personal = self.ownership == Some(Ownership::Personal);
        self.created_by.as_ref().filter(|_| personal).map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests;
