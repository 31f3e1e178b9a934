//! Organizations: all use cases with their errors, on every deployment.

mod change;
mod create;
mod delete;
mod members;
mod parting;
mod reactions;
mod roles;
mod settings;
mod strangers;

use std::collections::BTreeSet;

use acceptance::{Person, TestApp, people::Grants, registrations::ann};
use application::{Call, Caller, Committed, Repository, end_users::membership_id, ports::StreamId};
use domain::{
    end_users::{EndUserEvent, Ownership},
    kernel::{
        Aggregate, OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::Organization,
};
use serde_json::{Value, json};

/// Somebody who registered, and founded an organization; works in it by default.
async fn founder(app: &TestApp) -> Person {
    founder_at(app, "ann@company.com").await
}

async fn founder_at(app: &TestApp, email: &str) -> Person {
    let person = app.registered(ann(email)).await;
    found(app, &person).await;
    app.settle().await;
    app.signed_in(&person.user).await
}

/// Founds an organization; its id.
async fn found(app: &TestApp, by: &Person) -> OrganizationId {
    let request = app.post("/organizations").by(by).json(&json!({ "name": "Acme" }));
    let answer = request.send().await.expect(200).json();
    let id = answer["organization"]["id"].as_str().unwrap();
    OrganizationId::parse(id).unwrap()
}

/// Somebody else who registered, and is a member of the organization.
async fn member(app: &TestApp, organization: &OrganizationId) -> Person {
    let person = app.registered(ann("bea@company.com")).await;
    join(app, &person.user, organization).await;
    app.signed_in(&person.user).await
}

/// With a token that says that the person owns the organization, whatever is true.
fn claiming_to_own(app: &TestApp, person: &Person, organization: &OrganizationId) -> Person {
    app.person(person.user.clone(), organization.clone(), Grants::owner(organization))
}

/// Becomes a plain member, as whoever was invited does.
async fn join(app: &TestApp, user: &UserId, organization: &OrganizationId) {
    let id = membership_id(user, organization);
    let default = app.end_user(user).await.default_membership().map(|known| known.id.clone());
    let roles = vec![Role::TenantMember];
    let features = vec![Feature::TenantPaidTrial, Feature::TenantBasic];
    let joined = EndUserEvent::MembershipAdded {
        membership_id: id.clone(),
        organization_id: organization.clone(),
        ownership: Ownership::Shared,
        is_default: false,
        roles: roles.clone(),
        features: features.clone(),
    };
    let moved = EndUserEvent::DefaultMembershipChanged {
        from_membership_id: default,
        to_membership_id: id,
        to_organization_id: organization.clone(),
        roles,
        features,
    };
    happened(app, &app.ports().end_users, user.as_str(), vec![joined, moved]).await;
}

/// Is no member any more, as whoever was un-invited; works in its own organization.
async fn leave(app: &TestApp, user: &UserId, organization: &OrganizationId) {
    let known = app.end_user(user).await;
    let Some(membership) = known.membership(organization) else { return };
    let own = OrganizationId::parse(&user.twin("org")).unwrap();
    let moved = EndUserEvent::DefaultMembershipChanged {
        from_membership_id: Some(membership.id.clone()),
        to_membership_id: membership_id(user, &own),
        to_organization_id: own,
        roles: vec![],
        features: vec![],
    };
    let left = EndUserEvent::MembershipRemoved {
        membership_id: membership.id.clone(),
        organization_id: organization.clone(),
        un_invited_by_id: user.clone(),
    };
    happened(app, &app.ports().end_users, user.as_str(), vec![moved, left]).await;
}

fn maintenance() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

/// Appends events, and waits until everything that follows is done.
async fn happened<D: Aggregate>(
    app: &TestApp,
    repository: &Repository<D>,
    id: &str,
    events: Vec<D::Event>,
) {
    app.settle().await;
    let mut known = repository.load(&maintenance(), id).await.unwrap();
    let staged = repository.stage(&mut known, events).unwrap();
    let committed = app.ports().commit(&maintenance(), vec![staged]).await.unwrap();
    assert!(matches!(committed, Committed::Done));
    app.settle().await;
}

/// As its events made it.
async fn state(app: &TestApp, id: &OrganizationId) -> Organization {
    app.ports().organizations.load(&maintenance(), id.as_str()).await.unwrap().state
}

/// Who belongs to it.
async fn members(app: &TestApp, id: &OrganizationId) -> BTreeSet<UserId> {
    state(app, id).await.members().cloned().collect()
}

/// What a member holds directly; nothing for nobody.
async fn roles_of(app: &TestApp, id: &OrganizationId, user: &UserId) -> Vec<Role> {
    let state = state(app, id).await;
    state.roles_of(user).map(|roles| roles.reduced().to_vec()).unwrap_or_default()
}

/// Names of what happened to it.
async fn events(app: &TestApp, id: &OrganizationId) -> Vec<String> {
    recorded(app, id).await.into_iter().map(|(name, _)| name).collect()
}

/// What happened to it, in order.
async fn recorded(app: &TestApp, id: &OrganizationId) -> Vec<(String, Value)> {
    let stream = StreamId::new("organization", id.as_str());
    let events = app.ports().sealed_log.load(&stream, 0).await.unwrap();
    let read = |event: application::ports::Recorded| {
        (event.name, serde_json::from_str(&event.payload).unwrap())
    };
    events.into_iter().map(read).collect()
}

fn path(id: &OrganizationId, rest: &str) -> String {
    format!("/organizations/{id}{rest}")
}

/// What the usage provider was told of organizations.
async fn usages(app: &TestApp) -> Vec<Value> {
    let _ = app.post_signed("/usages/drain", &json!({})).await.expect(200);
    let answer = app.get("/testingonly/usages").send().await.expect(200).json();
    let mut all = answer["usages"].as_array().unwrap().clone();
    all.retain(|usage| usage["eventName"].as_str().unwrap().starts_with("Organization "));
    all
}
