//! Nobody sees or changes another organization.

use acceptance::{TestApp, on_every_deployment, people::Grants, registrations::ann};
use domain::kernel::{
    OrganizationId,
    roles::{Feature, Role},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{founder, member, path};

on_every_deployment!(
    whoever_is_no_member_is_refused_whatever_the_id,
    nobody_is_told_apart_from_nobody,
    the_header_must_name_the_same_organization,
    plain_members_look_and_change_nothing,
    a_token_without_an_organization_finds_nothing,
);

const SOMEBODY: &str = "user_0123456789abcdef";

/// Every way to ask for an organization.
pub(super) fn calls() -> Vec<(Method, String, Value)> {
    let member = format!("/members/{SOMEBODY}");
    let roles = json!({ "userId": SOMEBODY, "roles": ["tenant_owner"] });
    [
        (Method::GET, "", json!({})),
        (Method::PUT, "", json!({ "name": "Mine" })),
        (Method::PATCH, "", json!({ "name": "Mine" })),
        (Method::DELETE, "", json!({})),
        (Method::POST, "/members", json!({ "userId": SOMEBODY })),
        (Method::DELETE, &*member, json!({})),
        (Method::PUT, "/roles/assign", roles.clone()),
        (Method::PATCH, "/roles/unassign", roles),
        (Method::GET, "/settings", json!({})),
    ]
    .map(|(method, rest, body)| (method, rest.to_owned(), body))
    .into()
}

async fn whoever_is_no_member_is_refused_whatever_the_id(app: &TestApp) {
    let ann = founder(app).await;
    let stranger = app.registered(ann_at("eve@company.com")).await;
    let mut operator = app.operator();
    operator.grants.roles.push((Role::TenantOwner, Some(app.organization())));
    let operator = app.person(operator.user, operator.organization, operator.grants);
    let before = app.head().await;
    let unknown = app.organization();
    for id in [ann.organization.as_str(), unknown.as_str(), "nonsense", "org_x"] {
        for (method, rest, body) in calls() {
            let path = format!("/organizations/{id}{rest}");
            for person in [&stranger, &operator] {
                let request = app.request(method.clone(), &path).by(person).json(&body);
                let problem = request.send().await.problem(403);
                assert!(problem["detail"].as_str().unwrap().contains(id), "{problem}");
            }
        }
    }
    assert_eq!(app.head().await, before);
}

fn ann_at(email: &str) -> application::end_users::register::NewPerson {
    ann(email)
}

async fn nobody_is_told_apart_from_nobody(app: &TestApp) {
    let ann = founder(app).await;
    let unknown = app.organization();
    for id in [ann.organization.as_str(), unknown.as_str(), "nonsense"] {
        for (method, rest, body) in calls() {
            let path = format!("/organizations/{id}{rest}");
            let _ = app.request(method, &path).json(&body).send().await.problem(401);
        }
    }
    let _ = app.post("/organizations").json(&json!({})).send().await.problem(401);
}

/// The classic hole: authorized against one organization, acting on another.
async fn the_header_must_name_the_same_organization(app: &TestApp) {
    let ann = founder(app).await;
    let own = OrganizationId::parse(&ann.user.twin("org")).unwrap();
    let before = app.head().await;
    for (method, rest, body) in calls() {
        let request = app.request(method, &path(&ann.organization, &rest)).by(&ann);
        let request = request.header("tenant", own.as_str()).json(&body);
        assert_eq!(request.send().await.problem(403)["code"], "organizations_differ");
    }
    let foreign = app.registered(ann_at("eve@company.com")).await;
    let request = app.put(&path(&ann.organization, "")).by(&foreign);
    let request = request.header("tenant", foreign.organization.as_str());
    let _ = request.json(&json!({ "name": "Eve's" })).send().await.problem(403);
    let same = app.get(&path(&ann.organization, "")).by(&ann);
    let _ = same.header("tenant", ann.organization.as_str()).send().await.expect(200);
    assert!(app.head().await > before, "somebody registered");
}

async fn plain_members_look_and_change_nothing(app: &TestApp) {
    let ann = founder(app).await;
    let bea = member(app, &ann.organization).await;
    let before = app.head().await;
    for (method, rest, body) in calls() {
        let looks = method == Method::GET;
        let request = app.request(method, &path(&ann.organization, &rest)).by(&bea).json(&body);
        let answer = request.send().await;
        if looks {
            let _ = answer.expect(200);
        } else {
            let _ = answer.problem(403);
        }
    }
    assert_eq!(app.head().await, before);
}

/// A token may name what never was.
async fn a_token_without_an_organization_finds_nothing(app: &TestApp) {
    let id = app.organization();
    let mut grants = Grants::owner(&id);
    grants.features.push((Feature::PlatformBasic, None));
    let owner = app.person(app.user(), id.clone(), grants);
    for (method, rest, body) in calls() {
        let request = app.request(method, &path(&id, &rest)).by(&owner).json(&body);
        let _ = request.send().await.problem(404);
    }
    assert_eq!(app.head().await, 0);
}
