//! Machines: they are registered with a key, and call with it.

use acceptance::{Person, TestApp, on_every_deployment, registrations::ann};
use application::{Call, Caller};
use domain::{
    end_users::Ownership,
    identities::{Credential, NewCredential, NewToken, OneTimeToken, PasswordHash, TokenHash},
    kernel::{EmailAddress, OrganizationId, UserId},
    organizations::{NewOrganization, Organization},
};
use serde_json::{Value, json};

use super::api_keys::{caller, get, query};

on_every_deployment!(
    a_machine_that_nobody_registers_has_the_basics,
    a_machine_of_somebody_has_a_trial_and_its_own_organization,
    a_machine_works_in_the_shared_organization_of_its_creator,
    only_an_owner_brings_a_machine_along,
    bad_input_registers_nothing,
    its_key_ends_when_it_is_told_to,
    a_machine_gets_another_key,
    who_is_suspended_registers_no_machine,
    a_machine_with_a_password_has_no_identity,
);

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

async fn register(app: &TestApp, by: Option<&Person>, body: &Value) -> Value {
    let request = app.post("/machines/register").json(body);
    let request = if let Some(person) = by { request.by(person) } else { request };
    let answer = request.send().await.expect(200);
    let machine = answer.json()["machine"].clone();
    app.settle().await;
    machine
}

fn key(machine: &Value) -> &str {
    machine["apiKey"].as_str().unwrap()
}

fn user(machine: &Value) -> UserId {
    UserId::parse(machine["id"].as_str().unwrap()).unwrap()
}

/// Founds a shared organization; whoever does works there by default from then on.
async fn found(app: &TestApp, by: &Person) -> OrganizationId {
    let id = app.organization();
    let new = NewOrganization {
        name: "Acme".to_owned(),
        ownership: Ownership::Shared,
        created_by: by.user.clone(),
        host_region: "aregion".to_owned(),
        settings: vec![],
    };
    let events = Organization::create(new);
    app.ports().organizations.create(&call(), id.as_str(), events).await.unwrap();
    app.settle().await;
    id
}

async fn a_machine_that_nobody_registers_has_the_basics(app: &TestApp) {
    let machine = register(app, None, &json!({ "name": "Robot 1" })).await;
    assert_eq!(machine["createdById"], UserId::ANONYMOUS);
    assert_eq!(machine["description"], "Robot 1");
    assert_eq!(machine.get("expiresOnUtc"), None);
    let id = user(&machine);
    let who = caller(app, key(&machine)).await.expect(200).json();
    assert_eq!(who["callerId"], json!(id));
    let known = app.inspected(&id).await;
    assert_eq!(known["classification"], "machine");
    assert_eq!((&known["status"], &known["access"]), (&json!("registered"), &json!("enabled")));
    assert_eq!(known["roles"], json!(["platform_standard"]));
    assert_eq!(known["features"], json!(["platform_basic_features"]));
    let memberships = known["memberships"].as_array().unwrap();
    let [own] = memberships.as_slice() else { panic!("{memberships:?}") };
    assert_eq!((&own["ownership"], &own["isDefault"]), (&json!("personal"), &json!(true)));
    assert_eq!(own["roles"], json!(["tenant_owner", "tenant_member"]));
    assert_eq!(own["features"], json!(["tenant_basic_features"]));
    for path in ["/users/me", "/apikeys", "/cars"] {
        let _ = get(app, path, key(&machine)).send().await.problem(403);
    }
    let (id, call) = (id.twin("profile"), call());
    let profile = app.ports().user_profiles.load(&call, &id).await.unwrap().state;
    assert_eq!((profile.name().full().as_str(), profile.email()), ("Robot 1", None));
    let default = profile.default_organization().map(OrganizationId::as_str);
    assert_eq!(default, own["organizationId"].as_str());
}

async fn a_machine_of_somebody_has_a_trial_and_its_own_organization(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let body = json!({ "name": "Robot", "timezone": "Pacific/Auckland", "countryCode": "NZ" });
    let machine = register(app, Some(&ann), &body).await;
    assert_eq!(machine["createdById"], json!(ann.user));
    let known = app.inspected(&user(&machine)).await;
    let features = ["platform_paidtrial_features", "platform_basic_features"];
    assert_eq!(known["features"], json!(features));
    let memberships = known["memberships"].as_array().unwrap();
    let [own] = memberships.as_slice() else { panic!("{memberships:?}") };
    assert_ne!(own["organizationId"], json!(ann.organization));
    let features = ["tenant_paidtrial_features", "tenant_basic_features"];
    assert_eq!(own["features"], json!(features));
    let me = get(app, "/users/me", key(&machine)).send().await.expect(200).json();
    assert_eq!(me["identity"]["hasCredentials"], false);
    let path = format!("/cars?{}", query(key(&machine)));
    let _ = app.post(&path).json(&crate::honda()).send().await.expect(201);
    assert_eq!(app.cars(&ann, "").await.len(), 0, "it has cars of its own");
    let foreign = get(app, "/cars", key(&machine)).header("tenant", ann.organization.as_str());
    let _ = foreign.send().await.problem(403);
}

async fn a_machine_works_in_the_shared_organization_of_its_creator(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let shared = found(app, &ann).await;
    let ann = app.signed_in(&ann.user).await;
    assert_eq!(ann.organization, shared);
    let machine = register(app, Some(&ann), &json!({ "name": "Robot" })).await;
    let known = app.inspected(&user(&machine)).await;
    let memberships = known["memberships"].as_array().unwrap();
    let shown: Vec<_> =
        memberships.iter().map(|m| (&m["ownership"], &m["isDefault"], &m["roles"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("shared"), &json!(true), &json!(["tenant_member"])),
            (&json!("personal"), &json!(false), &json!(["tenant_owner", "tenant_member"])),
        ]
    );
    assert_eq!(memberships[0]["organizationId"], json!(shared));
    let path = format!("/cars?{}", query(key(&machine)));
    let _ = app.post(&path).json(&crate::honda()).send().await.expect(201);
    assert_eq!(app.cars(&ann, "").await.len(), 1, "its car is everybody's");
    let organization = app.ports().organizations.load(&call(), shared.as_str()).await.unwrap();
    assert!(organization.state.members().any(|member| *member == user(&machine)));
    let profile = user(&machine).twin("profile");
    let profile = app.ports().user_profiles.load(&call(), &profile).await.unwrap().state;
    assert_eq!(profile.default_organization(), Some(&shared));
}

async fn only_an_owner_brings_a_machine_along(app: &TestApp) {
    let owner = app.registered(ann("ann@company.com")).await;
    let shared = found(app, &owner).await;
    let member = app.registered(ann("bob@company.com")).await;
    let id = application::end_users::membership_id(&member.user, &shared);
    let join = |user: &domain::end_users::EndUser| {
        Ok::<_, std::convert::Infallible>(user.join_as_member(id.clone(), shared.clone()))
    };
    app.ports().end_users.change(&call(), member.user.as_str(), join).await.unwrap();
    app.settle().await;
    let member = app.signed_in(&member.user).await;
    // Who owns it by its own account alone, as whoever was just un-invited.
    let former = app.registered(ann("eve@company.com")).await;
    let id = application::end_users::membership_id(&former.user, &shared);
    let own = |user: &domain::end_users::EndUser| {
        user.join_as_creator(id.clone(), shared.clone(), domain::end_users::Ownership::Shared)
    };
    app.ports().end_users.change(&call(), former.user.as_str(), own).await.unwrap();
    app.settle().await;
    let former = app.signed_in(&former.user).await;
    let before = app.head().await;
    for by in [&member, &former] {
        let request = app.post("/machines/register").by(by).json(&json!({ "name": "Robot" }));
        assert_eq!(request.send().await.problem(403)["code"], "end_user_not_owner");
    }
    assert_eq!(app.head().await, before);
}

async fn bad_input_registers_nothing(app: &TestApp) {
    let before = app.head().await;
    let long = "a".repeat(101);
    let body = json!({
        "name": long, "timezone": "Nowhere/Land", "countryCode": "Nowhere",
        "apiKeyExpiresOnUtc": app.hours(0),
    });
    let answer = app.post("/machines/register").json(&body).send().await;
    assert_eq!(
        answer.failed_rules(),
        [
            "RegularExpressionValidator",
            "ValidatorValidator",
            "ValidatorValidator",
            "GreaterThanOrEqualValidator"
        ]
    );
    for (name, rule) in [
        (json!(null), "NotEmptyValidator"),
        (json!(" "), "NotEmptyValidator"),
        (json!("<b>"), "RegularExpressionValidator"),
    ] {
        let request = app.post("/machines/register").json(&json!({ "name": name }));
        assert_eq!(request.send().await.failed_rules(), [rule], "{name}");
    }
    let keyed = app.post("/machines/register").header("idempotency-key", "one");
    let _ = keyed.json(&json!({ "name": "Robot" })).send().await.problem(400);
    assert_eq!(app.head().await, before);
}

async fn its_key_ends_when_it_is_told_to(app: &TestApp) {
    let body = json!({ "name": "Robot", "apiKeyExpiresOnUtc": app.hours(2) });
    let machine = register(app, None, &body).await;
    assert_eq!(machine["expiresOnUtc"], "2026-06-15T14:00:00Z");
    let _ = caller(app, key(&machine)).await.expect(200);
    app.clock.advance(time::Duration::hours(2));
    let _ = caller(app, key(&machine)).await.problem(401);
}

async fn a_machine_gets_another_key(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let machine = register(app, Some(&ann), &json!({ "name": "Robot" })).await;
    let path = format!("/apikeys?{}", query(key(&machine)));
    let created = app.post(&path).json(&json!({})).send().await.expect(200).json();
    let next = created["apiKey"].as_str().unwrap();
    let answer = get(app, "/apikeys", next).send().await.expect(200).json();
    let shown: Vec<_> =
        answer["keys"].as_array().unwrap().iter().map(|k| &k["description"]).collect();
    assert_eq!(shown, [&machine["id"], &json!("Robot")]);
}

async fn who_is_suspended_registers_no_machine(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    application::end_users::erase::erase(app.ports(), &call(), &ann.user).await.unwrap();
    app.settle().await;
    let request = app.post("/machines/register").by(&ann).json(&json!({ "name": "Robot" }));
    let answer = request.send().await;
    // As soon as its token is good for nothing, it is whoever has none.
    if answer.status == 200 {
        assert_eq!(answer.json()["machine"]["createdById"], UserId::ANONYMOUS);
    } else {
        let _ = answer.problem(403);
    }
}

/// No use case gives a machine a password; a mistake that did would not make it a person.
async fn a_machine_with_a_password_has_no_identity(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let machine = register(app, Some(&ann), &json!({ "name": "amachine" })).await;
    let me = || get(app, "/users/me", key(&machine)).send();
    let identity = me().await.expect(200).json()["identity"].clone();
    let id = user(&machine);
    assert_eq!(identity, json!({ "id": id, "hasCredentials": false, "isMfaEnabled": false }));
    let token = NewToken { token: OneTimeToken::new("atoken"), hash: TokenHash::new("thehash") };
    let new = NewCredential {
        user: id.clone(),
        email: EmailAddress::parse("machine@company.com").unwrap(),
        email_digest: "adigest".to_owned(),
        name: "amachine".to_owned(),
        password: PasswordHash::new("ahash"),
        verification: token,
    };
    let events = Credential::register(new, app.now());
    app.ports().credentials.create(&call(), &id.twin("cred"), events).await.unwrap();
    assert_eq!(me().await.problem(405)["code"], "not_a_person");
}
