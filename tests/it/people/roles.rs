//! Operators give and take roles of the platform.

use acceptance::{Person, TestApp, on_every_deployment, registrations::ann};
use domain::kernel::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

on_every_deployment!(
    an_operator_gives_and_takes_roles,
    roles_are_given_and_taken_once,
    a_role_that_nobody_can_be_given_is_refused,
    what_the_token_says_is_not_enough,
    bad_lists_are_refused,
    unknown_users_have_no_roles,
);

async fn people(app: &TestApp) -> (Person, Person) {
    let operator = app.registered(ann("operator@company.com")).await;
    (operator, app.registered(ann("ann@company.com")).await)
}

async fn change(app: &TestApp, method: Method, by: &Person, of: &Person, roles: Value) -> Value {
    let path = format!("/users/{}/roles", of.user);
    let status = if method == Method::POST { 200 } else { 202 };
    let request = app.request(method, &path).by(by).json(&json!({ "roles": roles }));
    request.send().await.expect(status).json()["user"]["roles"].clone()
}

async fn an_operator_gives_and_takes_roles(app: &TestApp) {
    let (operator, ann) = people(app).await;
    let operations = json!(["platform_operations"]);
    let given = change(app, Method::POST, &operator, &ann, operations.clone()).await;
    assert_eq!(given, json!(["platform_operations", "platform_standard"]));
    assert_eq!(app.inspected(&ann.user).await["roles"], given);
    for (method, again) in [(Method::PUT, Method::POST), (Method::PATCH, Method::PATCH)] {
        let taken = change(app, method, &operator, &ann, operations.clone()).await;
        assert_eq!(taken, json!(["platform_standard"]));
        assert_eq!(app.inspected(&ann.user).await["roles"], taken);
        let _ = change(app, again, &operator, &ann, operations.clone()).await;
    }
    let _ = app.post_signed("/audits/drain", &json!({})).await.expect(200);
    let mut audits = app.audits("").await;
    audits.retain(|audit| audit["againstId"] == json!(ann.user));
    for code in [
        "EndUser.Registered.TermsAccepted",
        "EndUser.PlatformRolesAssigned",
        "EndUser.PlatformRolesUnassigned",
    ] {
        assert!(audits.iter().any(|audit| audit["auditCode"] == code), "{code}: {audits:?}");
    }
}

async fn roles_are_given_and_taken_once(app: &TestApp) {
    let (operator, ann) = people(app).await;
    let before = app.end_user(&ann.user).await;
    let _ = change(app, Method::POST, &operator, &ann, json!(["platform_standard"])).await;
    let _ = change(app, Method::PUT, &operator, &ann, json!(["platform_operations"])).await;
    assert_eq!(app.end_user(&ann.user).await, before);
}

async fn a_role_that_nobody_can_be_given_is_refused(app: &TestApp) {
    let (operator, ann) = people(app).await;
    let before = app.head().await;
    let path = format!("/users/{}/roles", ann.user);
    for role in ["platform_internal_service", "tenant_owner", "platform_unheard_of"] {
        for method in [Method::POST, Method::PUT] {
            let request = app.request(method, &path).by(&operator);
            let answer = request.json(&json!({ "roles": [role] })).send().await;
            assert_eq!(answer.problem(400)["code"], "end_user_role_not_assignable", "{role}");
        }
    }
    let standard = json!({ "roles": ["platform_standard"] });
    let answer = app.put(&path).by(&operator).json(&standard).send().await;
    assert_eq!(answer.problem(400)["code"], "end_user_standard_role_stays");
    assert_eq!(app.head().await, before);
}

/// A role that was taken is of no use any more, however long the token still says it.
async fn what_the_token_says_is_not_enough(app: &TestApp) {
    let (operator, ann) = people(app).await;
    let path = format!("/users/{}/roles", operator.user);
    let operations = json!({ "roles": ["platform_operations"] });
    let _ = app.put(&path).by(&ann).json(&operations).send().await.problem(403);
    let mut grants = ann.grants;
    grants.roles.push((Role::PlatformOperations, None));
    let said = app.person(ann.user, ann.organization, grants);
    let answer = app.put(&path).by(&said).json(&operations).send().await;
    assert_eq!(answer.problem(400)["code"], "end_user_not_operator");
    let known = app.end_user(&operator.user).await;
    assert!(known.roles().has(Role::PlatformOperations));
}

async fn bad_lists_are_refused(app: &TestApp) {
    let (operator, ann) = people(app).await;
    let path = format!("/users/{}/roles", ann.user);
    for (roles, rule) in [
        (json!(null), "NotEmptyValidator"),
        (json!([]), "NotEmptyValidator"),
        (json!(["abc"]), "RegularExpressionValidator"),
        (json!(["platform_standard", "a role"]), "RegularExpressionValidator"),
    ] {
        for method in [Method::POST, Method::PUT] {
            let request = app.request(method, &path).by(&operator);
            let answer = request.json(&json!({ "roles": roles })).send().await;
            assert_eq!(answer.failed_rules(), [rule], "{roles}");
        }
    }
}

async fn unknown_users_have_no_roles(app: &TestApp) {
    let (operator, _) = people(app).await;
    let roles = json!({ "roles": ["platform_operations"] });
    let path = format!("/users/{}/roles", app.user());
    let _ = app.post(&path).by(&operator).json(&roles).send().await.problem(404);
    // It is unknown whatever the roles are.
    let unheard_of = json!({ "roles": ["platform_unheard_of"] });
    for method in [Method::POST, Method::PUT] {
        let request = app.request(method, &path).by(&operator).json(&unheard_of);
        let _ = request.send().await.problem(404);
    }
    let answer = app.post("/users/nobody/roles").by(&operator).json(&roles).send().await;
    assert_eq!(answer.failed_rules(), ["PredicateValidator"]);
}
