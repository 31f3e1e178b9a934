//! Founding organizations.

use acceptance::{TestApp, on_every_deployment, people::Grants, registrations::ann};
use domain::{
    end_users::{Access, Classification, EndUserEvent, RegisteredProfile, UserStatus},
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
};
use serde_json::json;

use super::{events, found, founder, maintenance, path, state, usages};

on_every_deployment!(
    a_person_founds_a_shared_organization,
    whoever_founds_it_can_look_at_it_at_once,
    bad_names_are_refused,
    machines_found_nothing,
    it_is_founded_once,
);

async fn a_person_founds_a_shared_organization(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let request = app.post("/organizations").by(&ann).json(&json!({ "name": "Acme & Co." }));
    let answer = request.send().await.expect(200);
    assert_eq!(answer.header("location"), "");
    let answer = answer.json();
    let id = OrganizationId::parse(answer["organization"]["id"].as_str().unwrap()).unwrap();
    assert!(id.as_str().starts_with("org_") && id.as_str() != ann.user.twin("org"));
    let expected = json!({ "organization": {
        "id": id, "name": "Acme & Co.", "createdById": ann.user, "ownership": "shared",
    }});
    assert_eq!(answer, expected);
    app.settle().await;
    let mut happened = events(app, &id).await;
    happened.sort();
    assert_eq!(happened, ["billing_subscribed", "created", "membership_added"]);
    let founded = state(app, &id).await;
    assert!(founded.members().eq([&ann.user]));
    assert_eq!(founded.subscriber(), Some(&ann.user));
    // The old token says nothing of it, a new one does.
    let _ = app.get(&path(&id, "")).by(&ann).send().await.problem(403);
    let ann = app.signed_in(&ann.user).await;
    assert_eq!(ann.organization, id);
    assert_eq!(app.get(&path(&id, "")).by(&ann).send().await.expect(200).json(), expected);
    let told = usages(app).await;
    let shared: Vec<_> =
        told.iter().filter(|usage| usage["additional"]["Ownership"] == "shared").collect();
    let [usage] = shared.as_slice() else { panic!("{told:?}") };
    assert_eq!(usage["eventName"], "Organization Created");
    let more = &usage["additional"];
    assert_eq!((&more["ResourceId"], &more["Name"]), (&json!(id), &json!("Acme & Co.")));
    assert_eq!((&more["CreateBy"], &more["UserIdOverride"]), (&json!(ann.user), &json!(ann.user)));
}

async fn whoever_founds_it_can_look_at_it_at_once(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let request = app.post("/organizations").by(&ann).json(&json!({ "name": "Acme" }));
    let answer = request.header("prefer", "respond-async").send().await.expect(200);
    let id = answer.json()["organization"]["id"].as_str().unwrap().to_owned();
    let id = OrganizationId::parse(&id).unwrap();
    let owner = app.person(ann.user.clone(), id.clone(), Grants::owner(&id));
    let read = app.get(&path(&id, "")).by(&owner);
    let token = answer.header("consistency-token");
    let read = read.header("consistency-token", token).send().await.expect(200);
    assert_eq!(read.json(), answer.json());
    assert!(!read.header("etag").is_empty());
}

async fn bad_names_are_refused(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let before = app.head().await;
    for (name, rule) in [
        (json!(null), "NotEmptyValidator"),
        (json!(""), "NotEmptyValidator"),
        (json!("a".repeat(101)), "RegularExpressionValidator"),
        (json!("<b>"), "RegularExpressionValidator"),
        (json!("a\tb"), "RegularExpressionValidator"),
    ] {
        let request = app.post("/organizations").by(&ann).json(&json!({ "name": name }));
        assert_eq!(request.send().await.failed_rules(), [rule], "{name}");
    }
    let longest = json!({ "name": "ä".repeat(100) });
    let _ = app.post("/organizations").json(&longest).send().await.problem(401);
    assert_eq!(app.head().await, before);
    let _ = app.post("/organizations").by(&ann).json(&longest).send().await.expect(200);
}

async fn machines_found_nothing(app: &TestApp) {
    let machine = app.user();
    let born = vec![
        EndUserEvent::Created {
            access: Access::Enabled,
            status: UserStatus::Unregistered,
            classification: Classification::Machine,
            host_region: "test".to_owned(),
        },
        EndUserEvent::Registered {
            classification: Classification::Machine,
            access: Access::Enabled,
            status: UserStatus::Registered,
            roles: vec![Role::PlatformStandard],
            features: vec![Feature::PlatformPaidTrial, Feature::PlatformBasic],
            email_digest: None,
            username: None,
            user_profile: RegisteredProfile {
                first_name: "Robot".to_owned(),
                ..RegisteredProfile::default()
            },
        },
    ];
    let users = &app.ports().end_users;
    users.create(&maintenance(), machine.as_str(), born).await.unwrap();
    app.settle().await;
    let machine = app.signed_in(&machine).await;
    let before = app.head().await;
    let request = app.post("/organizations").by(&machine).json(&json!({ "name": "Acme" }));
    assert_eq!(request.send().await.problem(400)["code"], "organization_founded_by_machine");
    assert_eq!(app.head().await, before);
}

async fn it_is_founded_once(app: &TestApp) {
    let ann = founder(app).await;
    let create = || {
        let request = app.post("/organizations").by(&ann).header("idempotency-key", "k1");
        request.json(&json!({ "name": "Twice" })).send()
    };
    let first = create().await.expect(200).json();
    assert_eq!(create().await.expect(200).json(), first);
    app.log().forget_answers().await;
    assert_eq!(create().await.expect(200).json(), first);
    assert_ne!(found(app, &ann).await, found(app, &ann).await);
}
