//! People who pay, and organizations that are paid for.

use std::convert::Infallible;

use application::{Call, Caller, end_users::membership_id};
use domain::{
    end_users::{EndUser, EndUserEvent, Ownership},
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::{Organization, OrganizationEvent},
};
use serde_json::{Value, json};

use crate::{Answer, Person, Request, TestApp, registrations::ann};

impl TestApp {
    /// Somebody who registered, and pays for the organization that came with it.
    pub async fn buyer(&self, email: &str) -> Person {
        self.registered(ann(email)).await
    }

    /// Somebody else who belongs to an organization, with exactly this role there.
    pub async fn joined(&self, email: &str, organization: &OrganizationId, role: Role) -> Person {
        let person = self.registered(ann(email)).await;
        self.joins(&person.user, organization, role).await;
        let mut person = self.signed_in(&person.user).await;
        person.organization = organization.clone();
        person
    }

    /// Has a user belong to an organization, with exactly this role there.
    pub async fn joins(&self, user: &UserId, organization: &OrganizationId, role: Role) {
        let call = Call::new(Caller::maintenance(), "a test".to_owned());
        let join = |_: &EndUser| {
            Ok::<_, Infallible>(vec![EndUserEvent::MembershipAdded {
                membership_id: membership_id(user, organization),
                organization_id: organization.clone(),
                ownership: Ownership::Shared,
                is_default: false,
                roles: role.expanded(),
                features: Feature::TenantPaidTrial.expanded(),
            }])
        };
        let users = &self.ports().end_users;
        users.change(&call, user.as_str(), join).await.expect("joined");
        self.settle().await;
        // The organization has made it a plain member.
        let assign = |known: &Organization| {
            let held = known.roles_of(user).is_some_and(|roles| roles.has(role));
            let (assigned_by_id, user_id) = (user.clone(), user.clone());
            let assigned = OrganizationEvent::RoleAssigned { assigned_by_id, user_id, role };
            Ok::<_, Infallible>(if held { vec![] } else { vec![assigned] })
        };
        let organizations = &self.ports().organizations;
        organizations.change(&call, organization.as_str(), assign).await.expect("assigned");
        self.settle().await;
    }

    /// The subscription of somebody's organization, as it sees it.
    pub async fn subscription(&self, person: &Person) -> Value {
        let path = format!("/subscriptions/{}", person.organization);
        let answer = self.get(&path).by(person).send().await.expect(200);
        answer.json()["subscription"].clone()
    }

    /// A request for another plan of somebody's organization.
    pub fn plan(&self, person: &Person, plan: &str) -> Request {
        let path = format!("/subscriptions/{}/plan", person.organization);
        self.put(&path).by(person).json(&json!({ "planId": plan }))
    }

    /// A request to cancel.
    pub fn cancellation(&self, person: &Person) -> Request {
        self.delete(&format!("/subscriptions/{}", person.organization)).by(person)
    }

    /// A request to have another user pay.
    pub fn transfer(&self, person: &Person, to: &str) -> Request {
        let path = format!("/subscriptions/{}/transfer", person.organization);
        self.put(&path).by(person).json(&json!({ "userId": to }))
    }

    /// Notifies as Chargebee does.
    pub async fn chargebee(&self, event: &Value) -> Answer {
        // `ausername:`
        let request =
            self.post("/webhooks/chargebee").header("authorization", "Basic YXVzZXJuYW1lOg==");
        request.json(event).send().await
    }

    /// Gives the organization a card that can be charged.
    pub async fn card(&self, organization: &OrganizationId) {
        let event = json!({
            "id": "ev_card",
            "event_type": "customer_changed",
            "content": { "customer": {
                "id": organization,
                "payment_method": { "id": "pm", "status": "valid", "type": "card" },
            } },
        });
        let _ = self.chargebee(&event).await.expect(200);
    }
}
