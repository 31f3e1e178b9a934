//! Changing what organizations are called.

use acceptance::{TestApp, on_every_deployment, registrations::ann};
use application::end_users::erase::erase;
use domain::{
    kernel::OrganizationId,
    kernel::roles::{Feature, Role},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{claiming_to_own, events, founder, maintenance, member, path, recorded, usages};

on_every_deployment!(
    an_owner_renames_it,
    what_is_missing_or_the_same_changes_nothing,
    bad_names_are_refused,
    what_the_token_says_is_not_enough,
    a_personal_one_is_renamed_too,
    a_change_of_another_version_is_refused,
    an_erased_user_leaves_no_name_behind,
);

async fn an_owner_renames_it(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    for (method, name) in [(Method::PUT, "Else"), (Method::PATCH, "Other")] {
        let request = app.request(method, &path(&id, "")).by(&ann).json(&json!({ "name": name }));
        let answer = request.send().await.expect(202).json();
        let expected = json!({ "organization": {
            "id": id, "name": name, "createdById": ann.user, "ownership": "shared",
        }});
        assert_eq!(answer, expected);
        assert_eq!(app.get(&path(&id, "")).by(&ann).send().await.expect(200).json(), expected);
    }
    let happened = recorded(app, &id).await;
    assert_eq!(happened.last(), Some(&("name_changed".to_owned(), json!({ "name": "Other" }))));
    let mut told = usages(app).await;
    told.retain(|usage| usage["eventName"] == "Organization Updated");
    assert_eq!(told.len(), 2, "{told:?}");
    let more = &told[1]["additional"];
    assert_eq!((&more["ResourceId"], &more["Name"]), (&json!(id), &json!("Other")));
    assert_eq!((&more["Ownership"], &more["CreateBy"]), (&json!("shared"), &json!(ann.user)));
}

async fn what_is_missing_or_the_same_changes_nothing(app: &TestApp) {
    let ann = founder(app).await;
    let before = app.head().await;
    for change in [json!({}), json!({ "name": null }), json!({ "name": "Acme" })] {
        let request = app.put(&path(&ann.organization, "")).by(&ann).json(&change);
        assert_eq!(request.send().await.expect(202).json()["organization"]["name"], "Acme");
    }
    assert_eq!(app.head().await, before);
}

async fn bad_names_are_refused(app: &TestApp) {
    let ann = founder(app).await;
    let before = app.head().await;
    for (name, rule) in [
        ("", "NotEmptyValidator"),
        ("<b>", "RegularExpressionValidator"),
        (&*"a".repeat(101), "RegularExpressionValidator"),
    ] {
        let request = app.put(&path(&ann.organization, "")).by(&ann).json(&json!({ "name": name }));
        assert_eq!(request.send().await.failed_rules(), [rule], "{name}");
    }
    assert_eq!(app.head().await, before);
}

async fn what_the_token_says_is_not_enough(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    let before = app.head().await;
    let change = json!({ "name": "Bea's" });
    let _ = app.put(&path(&id, "")).by(&bea).json(&change).send().await.problem(403);
    let bea = claiming_to_own(app, &bea, &id);
    for change in [change, json!({})] {
        let answer = app.put(&path(&id, "")).by(&bea).json(&change).send().await;
        assert_eq!(answer.problem(403)["code"], "organization_not_owner");
    }
    assert_eq!(app.head().await, before);
}

async fn a_personal_one_is_renamed_too(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let own = path(&ann.organization, "");
    let answer = app.put(&own).by(&ann).json(&json!({ "name": "Zebulon" })).send().await;
    assert_eq!(answer.expect(202).json()["organization"]["ownership"], "personal");
    // It bears the name of somebody.
    let kept = app.log().kept().await;
    assert!(!kept.contains("Zebulon"), "{kept}");
    let shown = app.get(&own).by(&ann).send().await.expect(200).json();
    assert_eq!(shown["organization"]["name"], "Zebulon");
}

async fn a_change_of_another_version_is_refused(app: &TestApp) {
    let ann = founder(app).await;
    let shown = app.get(&path(&ann.organization, "")).by(&ann).send().await.expect(200);
    let version = shown.header("etag").to_owned();
    let rename = |name: &str| {
        let request = app.put(&path(&ann.organization, "")).by(&ann).header("if-match", &version);
        request.json(&json!({ "name": name })).send()
    };
    let _ = rename("Else").await.expect(202);
    assert_eq!(rename("Other").await.problem(412)["code"], "version_mismatch");
    assert_eq!(events(app, &ann.organization).await.last().unwrap(), "name_changed");
}

async fn an_erased_user_leaves_no_name_behind(app: &TestApp) {
    let founder = founder(app).await;
    let own = OrganizationId::parse(&founder.user.twin("org")).unwrap();
    let looks = |id: &OrganizationId| {
        let path = path(id, "");
        // Whoever was erased looks at nothing any more.
        let person = claiming_to_own(app, &app.owner(), id);
        async move { app.get(&path).by(&person).send().await.expect(200).json()["organization"].clone() }
    };
    assert_eq!(looks(&own).await["name"], "Ann Miller");
    erase(app.ports(), &maintenance(), &founder.user).await.unwrap();
    app.settle().await;
    let left: Value = looks(&own).await;
    assert_eq!((&left["name"], &left["createdById"]), (&json!(""), &json!(founder.user)));
    // What others see is nobody's secret.
    assert_eq!(looks(&founder.organization).await["name"], "Acme");
    let grants = founder.grants;
    assert!(grants.roles.contains(&(Role::TenantOwner, Some(own.clone()))));
    assert!(grants.features.contains(&(Feature::TenantBasic, Some(own))));
}
