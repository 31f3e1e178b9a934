//! Erasing somebody whom others need, and somebody whom they don't.

use acceptance::{Person, TestApp, on_every_deployment};
use application::{
    Result,
    end_users::erase::{erase, erase_although_needed},
};
use domain::kernel::{ErrorKind, roles::Role};
use serde_json::json;

use super::{founder, maintenance, member, path};

on_every_deployment!(
    whoever_pays_hands_over_first,
    the_last_owner_makes_another_first,
    others_may_go,
    guests_need_nobody,
);

async fn erased(app: &TestApp, person: &Person) -> Result<()> {
    let erased = erase(app.ports(), &maintenance(), &person.user).await;
    app.settle().await;
    erased
}

/// Fails unless others need the person, and the refusal says that it must do this first.
async fn needed(app: &TestApp, person: &Person, advice: &str) {
    let before = app.head().await;
    let refused = erased(app, person).await.unwrap_err();
    assert_eq!(refused.kind(), Some(ErrorKind::Rule));
    let sentence = refused.to_string();
    let names = sentence.contains(person.organization.as_str()) && sentence.contains(advice);
    assert!(names, "{sentence}");
    assert_eq!(app.head().await, before);
    assert!(!app.end_user(&person.user).await.is_erased());
}

async fn whoever_pays_hands_over_first(app: &TestApp) {
    let ann = founder(app).await;
    member(app, &ann.organization).await;
    let bea = app.joined("cid@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    needed(app, &ann, "transfer the subscription first").await;
    let _ = app.transfer(&ann, bea.user.as_str()).send().await.expect(202);
    // The organization need not know of it yet.
    erase(app.ports(), &maintenance(), &ann.user).await.unwrap();
    app.settle().await;
    assert!(app.end_user(&ann.user).await.is_erased());
    needed(app, &bea, "transfer the subscription first").await;
    erase_although_needed(app.ports(), &maintenance(), &bea.user).await.unwrap();
    app.settle().await;
    assert!(app.end_user(&bea.user).await.is_erased());
}

async fn the_last_owner_makes_another_first(app: &TestApp) {
    let ann = founder(app).await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let cid = app.joined("cid@company.com", &ann.organization, Role::TenantOwner).await;
    let eve = app.joined("eve@company.com", &ann.organization, Role::TenantMember).await;
    let _ = app.transfer(&ann, bea.user.as_str()).send().await.expect(202);
    app.settle().await;
    // Somebody whom nobody could ask any more owned it beside them.
    erase_although_needed(app.ports(), &maintenance(), &bea.user).await.unwrap();
    erased(app, &ann).await.unwrap();
    needed(app, &cid, "assign tenant_owner to another member first").await;
    let given = json!({ "userId": eve.user, "roles": ["tenant_owner"] });
    let assign = app.put(&path(&ann.organization, "/roles/assign")).by(&cid).json(&given);
    let _ = assign.send().await.expect(202);
    erased(app, &cid).await.unwrap();
    assert!(app.end_user(&cid.user).await.is_erased());
}

async fn others_may_go(app: &TestApp) {
    let ann = founder(app).await;
    let bea = member(app, &ann.organization).await;
    erased(app, &bea).await.unwrap();
    // Who is alone with somebody who is nobody leaves nobody behind.
    erased(app, &ann).await.unwrap();
    // Once it was done, it is done again whoever was left.
    erased(app, &ann).await.unwrap();
}

/// Whoever never registered could do nothing for an organization, nor be told to.
async fn guests_need_nobody(app: &TestApp) {
    let ann = founder(app).await;
    let invited = json!({ "email": "guest@company.com" });
    let invite = app.post(&path(&ann.organization, "/members")).by(&ann).json(&invited);
    let _ = invite.send().await.expect(200);
    app.settle().await;
    let ports = app.ports();
    let organization =
        ports.organizations.load(&maintenance(), ann.organization.as_str()).await.unwrap();
    assert_eq!(organization.state.members().count(), 2, "the guest is a member");
    erased(app, &ann).await.unwrap();
    assert!(app.end_user(&ann.user).await.is_erased());
}
