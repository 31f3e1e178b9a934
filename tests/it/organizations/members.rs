//! Inviting people to organizations, and letting them leave.

use acceptance::{Person, TestApp, on_every_deployment, registrations::ann};
use domain::kernel::{OrganizationId, roles::Role};
use serde_json::{Value, json};

use super::{claiming_to_own, events, founder, member, members, path, recorded, roles_of};

on_every_deployment!(
    an_owner_invites_a_user,
    an_address_is_told_to_nobody,
    an_invitation_names_one_guest,
    only_owners_invite,
    nobody_is_invited_to_a_personal_one,
    an_owner_lets_a_member_leave,
    whoever_pays_stays,
    whoever_pays_now_stays,
    bad_ids_are_refused,
);

async fn invite(app: &TestApp, by: &Person, body: Value) -> acceptance::Answer {
    app.post(&path(&by.organization, "/members")).by(by).json(&body).send().await
}

async fn an_owner_invites_a_user(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = app.registered(ann("bea@company.com")).await;
    let answer = invite(app, &founder, json!({ "userId": bea.user })).await.expect(200).json();
    assert_eq!(answer["organization"]["id"], json!(id));
    let invited = json!({ "invitedById": founder.user, "invitedId": bea.user });
    assert!(recorded(app, &id).await.contains(&("member_invited".to_owned(), invited)));
    // Whoever is a member is not invited once more.
    let before = app.head().await;
    let _ = invite(app, &founder, json!({ "userId": founder.user })).await.expect(200);
    app.settle().await;
    let again = events(app, &id).await.iter().filter(|name| *name == "member_invited").count();
    assert_eq!(again, 1);
    assert!(app.head().await >= before);
}

async fn an_address_is_told_to_nobody(app: &TestApp) {
    let founder = founder(app).await;
    let email = json!({ "email": "Zebulon.Quagga@example.com" });
    let _ = invite(app, &founder, email).await.expect(200);
    let all = recorded(app, &founder.organization).await;
    let (_, invited) = all.iter().find(|(name, _)| name == "member_invited").unwrap();
    assert_eq!(invited["emailAddress"], "zebulon.quagga@example.com");
    assert!(invited["mailbox"].is_string() && invited["invitedId"].is_null());
    let kept = app.log().kept().await.to_lowercase();
    assert!(!kept.contains("quagga"), "{kept}");
    assert!(kept.contains("mailbox_"), "{kept}");
}

async fn an_invitation_names_one_guest(app: &TestApp) {
    let founder = founder(app).await;
    let before = app.head().await;
    for (body, rule) in [
        (json!({}), "NotEmptyValidator"),
        (json!({ "email": "", "userId": "" }), "NotEmptyValidator"),
        (json!({ "email": "bea@company.com", "userId": founder.user }), "PredicateValidator"),
        (json!({ "email": "bea" }), "EmailAddressValidator"),
        (json!({ "userId": "bea" }), "PredicateValidator"),
    ] {
        let answer = invite(app, &founder, body.clone()).await;
        assert_eq!(answer.failed_rules(), [rule], "{body}");
    }
    assert_eq!(app.head().await, before);
}

async fn only_owners_invite(app: &TestApp) {
    let founder = founder(app).await;
    let bea = member(app, &founder.organization).await;
    let bea = claiming_to_own(app, &bea, &founder.organization);
    let before = app.head().await;
    let answer = invite(app, &bea, json!({ "email": "eve@company.com" })).await;
    assert_eq!(answer.problem(403)["code"], "organization_not_owner");
    assert_eq!(app.head().await, before);
}

async fn nobody_is_invited_to_a_personal_one(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let before = app.head().await;
    let answer = invite(app, &ann, json!({ "email": "eve@company.com" })).await;
    assert_eq!(answer.problem(400)["code"], "organization_personal");
    let path = path(&ann.organization, &format!("/members/{}", app.user()));
    let answer = app.delete(&path).by(&ann).send().await;
    assert_eq!(answer.problem(400)["code"], "organization_personal");
    assert_eq!(app.head().await, before);
}

async fn un_invite(
    app: &TestApp,
    by: &Person,
    id: &OrganizationId,
    user: &str,
) -> acceptance::Answer {
    app.delete(&path(id, &format!("/members/{user}"))).by(by).send().await
}

async fn an_owner_lets_a_member_leave(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = member(app, &id).await;
    assert_eq!(members(app, &id).await, [founder.user.clone(), bea.user.clone()].into());
    assert_eq!(roles_of(app, &id, &bea.user).await, [Role::TenantMember]);
    for _ in 0..2 {
        let answer = un_invite(app, &founder, &id, bea.user.as_str()).await.expect(202).json();
        assert_eq!(answer["organization"]["id"], json!(id));
    }
    let _ = un_invite(app, &founder, &id, app.user().as_str()).await.expect(202);
    let left: Vec<_> = recorded(app, &id).await;
    let left: Vec<_> = left.iter().filter(|(name, _)| name == "member_un_invited").collect();
    let [(_, left)] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!(left, &json!({ "uninvitedById": founder.user, "uninvitedId": bea.user }));
    assert_eq!(roles_of(app, &id, &bea.user).await, []);
    // It decides nothing any more, whatever its token says.
    let bea = claiming_to_own(app, &bea, &id);
    let request = app.put(&path(&id, "")).by(&bea).json(&json!({ "name": "Bea's" }));
    let _ = request.send().await.problem(403);
}

async fn whoever_pays_stays(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let before = app.head().await;
    let answer = un_invite(app, &founder, &id, founder.user.as_str()).await;
    assert_eq!(answer.problem(403)["code"], "organization_subscriber_stays");
    assert_eq!(app.head().await, before);
}

async fn whoever_pays_now_stays(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = member(app, &id).await;
    let roles = json!({ "userId": bea.user, "roles": ["tenant_billing_admin"] });
    let assign = app.put(&path(&id, "/roles/assign")).by(&founder).json(&roles);
    let _ = assign.send().await.expect(202);
    app.settle().await;
    let _ = app.transfer(&founder, bea.user.as_str()).send().await.expect(202);
    // Whether or not the organization was told.
    let answer = un_invite(app, &founder, &id, bea.user.as_str()).await;
    assert_eq!(answer.problem(403)["code"], "organization_subscriber_stays");
    let unassign = app.put(&path(&id, "/roles/unassign")).by(&founder).json(&roles);
    let answer = unassign.send().await.problem(400);
    assert_eq!(answer["code"], "organization_subscriber_administers");
}

async fn bad_ids_are_refused(app: &TestApp) {
    let founder = founder(app).await;
    let answer = un_invite(app, &founder, &founder.organization, "bea").await;
    assert_eq!(answer.failed_rules(), ["PredicateValidator"]);
}
