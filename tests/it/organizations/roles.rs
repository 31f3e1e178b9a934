//! Giving roles in organizations, and taking them.

use acceptance::{Answer, Person, TestApp, on_every_deployment};
use domain::kernel::{UserId, roles::Role};
use reqwest::Method;
use serde_json::{Value, json};

use super::{claiming_to_own, events, founder, member, path, recorded, roles_of};

on_every_deployment!(
    an_owner_gives_and_takes_roles,
    whoever_was_given_a_role_has_it,
    roles_are_given_and_taken_once,
    bad_lists_are_refused,
    what_is_no_role_here_is_refused,
    roles_are_for_members,
    roles_in_a_personal_one_stay,
    somebody_leads_it_for_ever,
);

async fn change(
    app: &TestApp,
    how: &str,
    by: &Person,
    user: &UserId,
    roles: impl serde::Serialize,
) -> Answer {
    let method = if how == "assign" { Method::PUT } else { Method::PATCH };
    let path = path(&by.organization, &format!("/roles/{how}"));
    let body = json!({ "userId": user, "roles": roles });
    app.request(method, &path).by(by).json(&body).send().await
}

async fn an_owner_gives_and_takes_roles(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = member(app, &id).await;
    let both = ["tenant_member", "Tenant_Owner"];
    let answer = change(app, "assign", &founder, &bea.user, both).await.expect(202).json();
    assert_eq!(answer["organization"]["id"], json!(id));
    assert_eq!(roles_of(app, &id, &bea.user).await, [Role::TenantOwner]);
    let _ = change(app, "unassign", &founder, &bea.user, both).await.expect(202);
    assert_eq!(roles_of(app, &id, &bea.user).await, [Role::TenantMember]);
    let all = recorded(app, &id).await;
    let told = |name: &str| -> Vec<&Value> {
        all.iter().filter(|(known, _)| known == name).map(|(_, payload)| payload).collect()
    };
    let owner = "tenant_owner";
    let given = json!({ "assignedById": founder.user, "userId": bea.user, "role": owner });
    assert_eq!(told("role_assigned"), [&given]);
    let taken = json!({ "unassignedById": founder.user, "userId": bea.user, "role": owner });
    assert_eq!(told("role_unassigned"), [&taken]);
}

async fn whoever_was_given_a_role_has_it(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = claiming_to_own(app, &member(app, &id).await, &id);
    let rename =
        |name: &str| app.put(&path(&id, "")).by(&bea).json(&json!({ "name": name })).send();
    assert_eq!(rename("Bea's").await.problem(403)["code"], "organization_not_owner");
    let _ = change(app, "assign", &founder, &bea.user, ["tenant_owner"]).await.expect(202);
    let _ = rename("Bea's").await.expect(202);
    let _ = change(app, "unassign", &founder, &bea.user, ["tenant_owner"]).await.expect(202);
    let _ = rename("Mine").await.problem(403);
}

async fn roles_are_given_and_taken_once(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = member(app, &id).await;
    let before = events(app, &id).await;
    for (how, user, role) in [
        ("assign", &bea.user, "tenant_member"),
        ("assign", &founder.user, "tenant_owner"),
        ("unassign", &bea.user, "tenant_owner"),
        ("unassign", &founder.user, "tenant_member"),
    ] {
        let _ = change(app, how, &founder, user, [role]).await.expect(202);
    }
    assert_eq!(events(app, &id).await, before);
}

async fn bad_lists_are_refused(app: &TestApp) {
    let founder = founder(app).await;
    let before = app.head().await;
    for how in ["assign", "unassign"] {
        for (roles, rule) in [
            (json!(null), "NotEmptyValidator"),
            (json!([]), "NotEmptyValidator"),
            (json!(["abc"]), "RegularExpressionValidator"),
            (json!(["tenant_owner", "a role"]), "RegularExpressionValidator"),
        ] {
            let answer = change(app, how, &founder, &founder.user, &roles).await;
            assert_eq!(answer.failed_rules(), [rule], "{roles}");
        }
        let path = path(&founder.organization, &format!("/roles/{how}"));
        let answer = app.put(&path).by(&founder).json(&json!({ "userId": "bea" })).send().await;
        assert_eq!(answer.failed_rules(), ["PredicateValidator", "NotEmptyValidator"]);
    }
    assert_eq!(app.head().await, before);
}

async fn what_is_no_role_here_is_refused(app: &TestApp) {
    let founder = founder(app).await;
    let bea = member(app, &founder.organization).await;
    let before = app.head().await;
    for how in ["assign", "unassign"] {
        for role in ["platform_operations", "platform_standard", "tenant_unheard_of"] {
            let answer = change(app, how, &founder, &bea.user, ["tenant_owner", role]).await;
            assert_eq!(answer.problem(400)["code"], "organization_role_not_assignable");
        }
    }
    assert_eq!(app.head().await, before);
    let tested = change(app, "assign", &founder, &bea.user, ["tenant_testingonly"]).await;
    let _ = tested.expect(202);
}

async fn roles_are_for_members(app: &TestApp) {
    let founder = founder(app).await;
    let before = app.head().await;
    for how in ["assign", "unassign"] {
        let answer = change(app, how, &founder, &app.user(), ["tenant_owner"]).await;
        assert_eq!(answer.problem(400)["code"], "organization_not_member");
    }
    assert_eq!(app.head().await, before);
}

async fn roles_in_a_personal_one_stay(app: &TestApp) {
    let ann = app.registered(acceptance::registrations::ann("ann@company.com")).await;
    let before = app.head().await;
    for how in ["assign", "unassign"] {
        let answer = change(app, how, &ann, &ann.user, ["tenant_owner"]).await;
        assert_eq!(answer.problem(400)["code"], "organization_personal");
    }
    assert_eq!(app.head().await, before);
}

async fn somebody_leads_it_for_ever(app: &TestApp) {
    let founder = founder(app).await;
    let bea = member(app, &founder.organization).await;
    let before = app.head().await;
    for (user, role, code) in [
        (&founder.user, "tenant_billing_admin", "organization_subscriber_administers"),
        (&bea.user, "tenant_member", "organization_member_role_stays"),
    ] {
        let answer = change(app, "unassign", &founder, user, [role]).await;
        assert_eq!(answer.problem(400)["code"], code);
    }
    assert_eq!(app.head().await, before);
}
