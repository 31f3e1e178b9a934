//! Deleting organizations.

use std::time::Duration;

use acceptance::{TestApp, on_every_deployment, registrations::ann};
use domain::{kernel::ErrorKind, organizations::OrganizationEvent};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{
    claiming_to_own, events, found, founder, happened, join, leave, maintenance, member, path,
    strangers::calls,
};

on_every_deployment!(
    its_only_member_deletes_it_for_good,
    it_is_deleted_once,
    its_subscription_goes_with_it,
    others_keep_it,
    a_personal_one_stays,
    only_who_pays_deletes_it,
    whoever_joins_meanwhile_leaves,
    that_it_is_gone_counts_before_roles_and_input,
);

async fn its_only_member_deletes_it_for_good(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let _ = app.delete(&path(&id, "")).by(&ann).send().await.expect(204);
    let load = app.ports().organizations.load(&maintenance(), id.as_str()).await;
    assert_eq!(load.unwrap_err().kind(), Some(ErrorKind::Deleted));
    for request in [
        app.get(&path(&id, "")),
        app.put(&path(&id, "")).json(&json!({ "name": "Again" })),
        app.delete(&path(&id, "")),
    ] {
        let answer = request.by(&ann).send().await;
        // As soon as it is no member, it is a stranger.
        assert!([405, 403].contains(&answer.status.as_u16()), "{answer}");
        let status = answer.status.as_u16();
        let _ = answer.problem(status);
    }
    app.settle().await;
    let _ = app.post_signed("/audits/drain", &json!({})).await.expect(200);
    let mut audits = app.audits("").await;
    audits.retain(|audit| audit["auditCode"] == "Organization.Deleted");
    let [audit] = audits.as_slice() else { panic!("{audits:?}") };
    assert_eq!(audit["againstId"], json!(ann.user));
    assert_eq!(audit["organizationId"], json!(id));
    leave(app, &ann.user, &id).await;
    let ann = app.signed_in(&ann.user).await;
    assert_eq!(ann.organization.as_str(), ann.user.twin("org"));
    let _ = app.get(&path(&id, "")).by(&ann).send().await.problem(403);
    let happened = events(app, &id).await;
    assert_eq!(happened.last().unwrap(), "deleted");
}

async fn it_is_deleted_once(app: &TestApp) {
    let ann = founder(app).await;
    let delete = || {
        let request = app.delete(&path(&ann.organization, "")).by(&ann);
        request.header("idempotency-key", "k1").send()
    };
    let _ = delete().await.expect(204);
    // As soon as it is no member, it is a stranger, whatever its key.
    let status = delete().await.status.as_u16();
    assert!([204, 403].contains(&status), "{status}");
    app.settle().await;
    assert_eq!(events(app, &ann.organization).await.last().unwrap(), "deleted");
}

async fn its_subscription_goes_with_it(app: &TestApp) {
    let ann = founder(app).await;
    let (id, ports) = (ann.organization.clone(), app.ports());
    app.settle().await;
    assert!(ports.subscription_reads.of_organization(&id).await.unwrap().is_some());
    let _ = app.delete(&path(&id, "")).by(&ann).send().await.expect(204);
    app.settle().await;
    assert_eq!(ports.subscription_reads.of_organization(&id).await.unwrap(), None);
    let load = ports.subscriptions.load(&maintenance(), &id.twin("billsub")).await;
    assert_eq!(load.unwrap_err().kind(), Some(ErrorKind::Deleted));
}

async fn others_keep_it(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    let before = app.head().await;
    let answer = app.delete(&path(&id, "")).by(&ann).send().await;
    assert_eq!(answer.problem(400)["code"], "organization_other_members");
    assert_eq!(app.head().await, before);
    leave(app, &bea.user, &id).await;
    let _ = app.delete(&path(&id, "")).by(&ann).send().await.expect(204);
}

async fn a_personal_one_stays(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let before = app.head().await;
    let answer = app.delete(&path(&ann.organization, "")).by(&ann).send().await;
    assert_eq!(answer.problem(400)["code"], "organization_personal");
    assert_eq!(app.head().await, before);
}

async fn only_who_pays_deletes_it(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = claiming_to_own(app, &member(app, &id).await, &id);
    let before = app.head().await;
    let answer = app.delete(&path(&id, "")).by(&bea).send().await;
    assert_eq!(answer.problem(403)["code"], "organization_not_owner");
    assert_eq!(app.head().await, before);
    let given = json!({ "userId": bea.user, "roles": ["tenant_billing_admin"] });
    let _ = app.put(&path(&id, "/roles/assign")).by(&ann).json(&given).send().await.expect(202);
    let answer = app.delete(&path(&id, "")).by(&bea).send().await;
    assert_eq!(answer.problem(403)["code"], "organization_not_subscriber");
    // Whoever pays meanwhile may, as soon as it is alone.
    app.settle().await;
    let _ = app.transfer(&ann, bea.user.as_str()).send().await.expect(202);
    app.settle().await;
    // Who pays is what the subscription says, also where the organization is late.
    let late = OrganizationEvent::BillingSubscriberChanged {
        from_subscriber_id: bea.user.clone(),
        to_subscriber_id: ann.user.clone(),
    };
    happened(app, &app.ports().organizations, id.as_str(), vec![late]).await;
    let answer = app.delete(&path(&id, "")).by(&ann).send().await;
    assert_eq!(answer.problem(403)["code"], "organization_not_subscriber");
    let answer = app.delete(&path(&id, "")).by(&bea).send().await;
    assert_eq!(answer.problem(400)["code"], "organization_other_members");
    leave(app, &ann.user, &id).await;
    let _ = app.delete(&path(&id, "")).by(&bea).send().await.expect(204);
    // Others of the same people are untouched.
    let other = found(app, &app.signed_in(&ann.user).await).await;
    assert_ne!(other, id);
}

async fn whoever_joins_meanwhile_leaves(app: &TestApp) {
    let founder = founder(app).await;
    let id = founder.organization.clone();
    let bea = app.registered(ann("bea@company.com")).await;
    let _ = app.delete(&path(&id, "")).by(&founder).send().await.expect(204);
    // The organization was gone before it knew of her.
    join(app, &bea.user, &id).await;
    app.settle().await;
    let after = app.end_user(&bea.user).await;
    assert!(after.membership(&id).is_none());
    let default = after.default_membership().map(|known| known.organization.clone());
    assert_eq!(default, Some(bea.organization));
    assert_eq!(events(app, &id).await.last().unwrap(), "deleted");
}

async fn that_it_is_gone_counts_before_roles_and_input(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    let deleted = OrganizationEvent::Deleted { deleted_by_id: ann.user.clone() };
    happened(app, &app.ports().organizations, id.as_str(), vec![deleted]).await;
    assert!(app.end_user(&bea.user).await.membership(&id).is_some(), "she still is a member");
    let before = app.head().await;
    for (method, rest, body) in calls() {
        let ask = || app.request(method.clone(), &path(&id, &rest));
        assert_eq!(ask().by(&bea).json(&body).send().await.problem(405)["code"], "deleted");
        // Ann is no member any more, as soon as every host has heard of it.
        let stranger = async {
            loop {
                let answer = ask().by(&ann).json(&body).send().await;
                if answer.status != 405 {
                    break answer;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let refused = timeout(Duration::from_secs(5), stranger).await.unwrap().problem(403);
        assert_eq!(refused["code"], "not_a_member");
    }
    let owner = claiming_to_own(app, &bea, &id);
    let nameless = app.put(&path(&id, "")).by(&owner).json(&json!({ "name": "" }));
    let _ = nameless.send().await.problem(405);
    let broken = app.put(&path(&id, "")).by(&owner).body("application/json", "{\"name\":");
    let _ = broken.send().await.problem(405);
    // What other areas have of it is as gone.
    let car = app.post("/cars").by(&bea).json(&json!({ "organizationId": id }));
    let _ = car.send().await.problem(405);
    // Where it is only named beside what is asked, that counts by itself.
    let other = app.post("/organizations").by(&bea).header("tenant", id.as_str());
    let _ = other.json(&json!({ "name": "" })).send().await.problem(400);
    assert_eq!(app.head().await, before);
}
