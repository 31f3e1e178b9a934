//! Nobody sees or changes another organization's cars.

use acceptance::{Person, TestApp, on_every_deployment, people::Grants};
use domain::kernel::OrganizationId;
use domain::kernel::roles::{Feature, Role};
use serde_json::{Value, json};

use crate::honda;

on_every_deployment!(
    a_stranger_finds_nothing,
    a_stranger_may_not_name_the_organization,
    every_place_must_name_the_same_organization,
    a_member_of_two_organizations_chooses,
    a_tenant_id_must_be_well_formed,
);

async fn a_stranger_finds_nothing(app: &TestApp) {
    let (owner, stranger) = (app.owner(), app.owner());
    let id = app.register_car(&owner).await;
    let before = app.head().await;
    let path = format!("/cars/{id}");
    let _ = app.get(&path).by(&stranger).send().await.problem(404);
    let _ = app.delete(&path).by(&stranger).send().await.problem(404);
    for action in ["offline", "maintain"] {
        let answer =
            app.put(&format!("{path}/{action}")).by(&stranger).json(&app.slot(30, 31)).send().await;
        let _ = answer.problem(404);
    }
    assert_eq!(app.cars(&stranger, "").await, Vec::<Value>::new());
    assert_eq!(app.cars(&stranger, "/available").await, Vec::<Value>::new());
    // A deleted one is as unknown to the stranger as any other.
    let _ = app.delete(&path).by(&owner).send().await.expect(204);
    let _ = app.get(&path).by(&stranger).send().await.problem(404);
    assert_eq!(app.head().await, before + 1);
}

async fn a_stranger_may_not_name_the_organization(app: &TestApp) {
    let (owner, stranger) = (app.owner(), app.owner());
    let id = app.register_car(&owner).await;
    let before = app.head().await;
    let theirs = owner.organization.as_str();
    let _ = app.get("/cars").by(&stranger).header("tenant", theirs).send().await.problem(403);
    let path = format!("/cars?organizationId={theirs}");
    let _ = app.get(&path).by(&stranger).send().await.problem(403);
    let mut car = honda();
    car["organizationId"] = Value::from(theirs);
    let problem = app.post("/cars").by(&stranger).json(&car).send().await.problem(403);
    assert!(problem["detail"].as_str().unwrap().contains(theirs), "{problem}");
    let path = format!("/cars/{id}?ORGANIZATIONID={theirs}");
    let _ = app.delete(&path).by(&stranger).send().await.problem(403);
    assert_eq!(app.head().await, before);
}

/// The classic hole: authorized against one organization, acting on another.
async fn every_place_must_name_the_same_organization(app: &TestApp) {
    let (person, second) = member_of_two(app);
    let first = person.organization.as_str();
    let before = app.head().await;
    let mut car = honda();
    car["organizationId"] = Value::from(second.as_str());
    let header = app.post("/cars").by(&person).header("tenant", first);
    let _ = header.json(&car).send().await.problem(403);
    let path = format!("/cars?organizationId={first}");
    let _ = app.post(&path).by(&person).json(&car).send().await.problem(403);
    // The same member under another case, or twice, is no way around it.
    let twice = format!(
        "{{\"organizationId\":\"{first}\",\"OrganizationId\":\"{second}\",{}",
        &honda().to_string()[1..]
    );
    let answer = app.post("/cars").by(&person).body("application/json", twice).send().await;
    assert!(answer.status.is_client_error(), "{answer}");
    let path = format!("/cars?organizationId={first}&organizationId={second}");
    let _ = app.get(&path).by(&person).send().await.problem(403);
    assert_eq!(app.head().await, before);
}

async fn a_member_of_two_organizations_chooses(app: &TestApp) {
    let (person, second) = member_of_two(app);
    app.register_car(&person).await;
    for request in [
        app.get("/cars").header("tenant", second.as_str()),
        app.get(&format!("/cars?organizationId={second}")),
    ] {
        let answer = request.by(&person).send().await.expect(200).json();
        assert_eq!(answer["cars"], json!([]));
    }
    let mut car = honda();
    car["organizationId"] = Value::from(second.as_str());
    let _ = app.post("/cars").by(&person).json(&car).send().await.expect(201);
    assert_eq!(app.cars(&person, "").await.len(), 1);
}

async fn a_tenant_id_must_be_well_formed(app: &TestApp) {
    let owner = app.owner();
    // For members the membership is checked first, so whatever is not theirs is refused alike.
    let answer = app.get("/cars").by(&owner).header("tenant", "nonsense").send().await;
    assert!([400, 403].contains(&answer.status.as_u16()), "{answer}");
    let id = app.register_car(&owner).await;
    let path = format!("/cars/{id}/unavailabilities?organizationId=nonsense");
    let _ = app.get(&path).send().await.problem(400);
}

fn member_of_two(app: &TestApp) -> (Person, OrganizationId) {
    let (first, second) = (app.organization(), app.organization());
    let mut grants = Grants::default();
    for one in [&first, &second] {
        grants.roles.push((Role::TenantMember, Some(one.clone())));
        grants.features.push((Feature::TenantPaidTrial, Some(one.clone())));
    }
    (app.person(app.user(), first, grants), second)
}
