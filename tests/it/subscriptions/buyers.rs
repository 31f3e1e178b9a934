//! Changing plans, canceling, claiming and handing over.

use acceptance::{TestApp, on_every_deployment};
use domain::kernel::{UserId, roles::Role};
use serde_json::json;

on_every_deployment!(
    a_plan_is_asked_for_but_there_is_only_one,
    whoever_cancels_has_nothing_and_can_come_back,
    only_the_buyer_cancels,
    another_billing_admin_claims_what_was_given_up,
    a_subscription_is_handed_over,
    nobody_gets_it_who_can_not_pay,
    a_machine_never_gets_it,
    an_operator_ends_it_at_once,
    bad_input_changes_nothing,
    what_comes_again_with_its_key_is_done_once,
    what_comes_twice_at_once_is_answered_once,
    a_race_has_one_outcome,
);

async fn a_plan_is_asked_for_but_there_is_only_one(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let before = app.subscription(&ann).await;
    let answer = app.plan(&ann, "another plan").send().await.expect(202);
    assert_eq!(answer.json()["subscription"], before);
    assert_eq!(app.subscription(&ann).await, before);
    let last = app.log().rows().await.pop().unwrap();
    assert_eq!(last.event_type, "subscription_plan_changed");
}

async fn whoever_cancels_has_nothing_and_can_come_back(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let before = app.subscription(&ann).await;
    let canceled = app.cancellation(&ann).send().await.expect(202).json()["subscription"].clone();
    assert_eq!(canceled, app.subscription(&ann).await);
    assert_eq!(canceled["status"], "unsubscribed");
    assert_eq!(canceled["plan"], json!({ "isTrial": false, "tier": "unsubscribed" }));
    assert_eq!(canceled["providerState"], json!({ "BuyerId": ann.user }));
    assert_eq!(
        (&canceled["canBeCanceled"], &canceled["canBeUnsubscribed"]),
        (&json!(false), &json!(true))
    );
    assert!(canceled.get("canceledDateUtc").is_none());
    let again = app.cancellation(&ann).send().await.problem(405);
    assert_eq!(again["code"], "subscription_not_cancelable");
    let back = app.plan(&ann, "_simple_standard").send().await.expect(202);
    let back = back.json()["subscription"].clone();
    assert_eq!(back["status"], "activated");
    assert_ne!(back["subscriptionReference"], before["subscriptionReference"]);
}

async fn only_the_buyer_cancels(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let refused = app.cancellation(&bea).send().await.problem(403);
    assert_eq!(refused["code"], "subscription_not_buyer");
    let mut operating = bea.clone();
    operating.grants.roles.push((Role::PlatformOperations, None));
    let operating = app.person(operating.user, operating.organization, operating.grants);
    let _ = app.cancellation(&operating).send().await.expect(202);
}

async fn another_billing_admin_claims_what_was_given_up(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let refused = app.plan(&bea, "_simple_standard").send().await.problem(400);
    assert_eq!(refused["code"], "subscription_not_claimable");
    let _ = app.cancellation(&ann).send().await.expect(202);
    let claimed = app.plan(&bea, "_simple_standard").send().await.expect(202);
    let claimed = claimed.json()["subscription"].clone();
    assert_eq!((&claimed["buyerId"], &claimed["status"]), (&json!(bea.user), &json!("activated")));
    assert_eq!(claimed["buyerReference"], json!(bea.user));
    assert_eq!(app.subscription(&ann).await, claimed, "she is a billing admin still");
    let rows = app.log().rows().await;
    assert!(rows.iter().any(|row| row.event_type == "subscription_transferred"));
    let _ = app.cancellation(&ann).send().await.problem(403);
}

async fn a_subscription_is_handed_over(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let answer = app.transfer(&ann, bea.user.as_str()).send().await.expect(202);
    assert_eq!(answer.json()["subscription"]["buyerId"], json!(bea.user));
    let refused = app.transfer(&ann, bea.user.as_str()).send().await.problem(403);
    assert_eq!(refused["code"], "subscription_not_buyer");
    let _ = app.post_signed("/audits/drain", &json!({})).await.expect(200);
    let audits = app.audits("").await;
    let audit = audits.iter().find(|one| one["auditCode"] == "Subscription.BuyerTransferred");
    let audit = audit.unwrap_or_else(|| panic!("{audits:?}"));
    assert_eq!(audit["againstId"], json!(ann.user));
    let arguments = json!([ann.user, ann.user.twin("billsub"), bea.user]);
    assert_eq!(audit["templateArguments"], arguments);
    let _ = app.transfer(&bea, ann.user.as_str()).send().await.expect(202);
}

async fn nobody_gets_it_who_can_not_pay(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let stranger = app.buyer("eve@company.com").await;
    let owner = app.joined("bob@company.com", &ann.organization, Role::TenantOwner).await;
    let head = app.head().await;
    for (to, code) in [
        (stranger.user.to_string(), "subscription_not_member"),
        (app.user().to_string(), "subscription_not_member"),
        (owner.user.to_string(), "subscription_not_transferable"),
        (ann.user.to_string(), "subscription_already_buyer"),
    ] {
        assert_eq!(app.transfer(&ann, &to).send().await.problem(400)["code"], code);
    }
    let bea = app.joined("bea@company.com", &ann.organization, Role::TenantBillingAdmin).await;
    let refused = app.transfer(&bea, bea.user.as_str()).send().await.problem(403);
    assert_eq!(refused["code"], "subscription_not_buyer");
    assert_eq!(app.subscription(&ann).await["buyerId"], json!(ann.user));
    assert!(app.log().rows().await.iter().all(|row| row.event_type != "subscription_transferred"));
    assert!(app.head().await > head);
}

async fn a_machine_never_gets_it(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let request = app.post("/machines/register").json(&json!({ "name": "Robot" }));
    let answer = request.send().await.expect(200).json();
    app.settle().await;
    let robot = UserId::parse(answer["machine"]["id"].as_str().unwrap()).unwrap();
    app.joins(&robot, &ann.organization, Role::TenantBillingAdmin).await;
    let refused = app.transfer(&ann, robot.as_str()).send().await.problem(400);
    assert_eq!(refused["code"], "subscription_not_transferable");
    assert_eq!(app.subscription(&ann).await["buyerId"], json!(ann.user));
}

async fn an_operator_ends_it_at_once(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let path = format!("/subscriptions/{}/force", ann.organization);
    let force = |person| app.delete(&path).by(person);
    let _ = force(&ann).send().await.problem(403);
    let operator = app.operator();
    let answer = force(&operator).send().await.expect(202);
    assert_eq!(answer.json()["subscription"]["status"], "unsubscribed");
    let _ = force(&operator).send().await.problem(405);
    let nobody = format!("/subscriptions/{}/force", app.organization());
    let _ = app.delete(&nobody).by(&operator).send().await.problem(404);
    let bad = app.delete("/subscriptions/nobody/force").by(&operator);
    assert_eq!(bad.send().await.failed_rules(), ["PredicateValidator"]);
}

async fn bad_input_changes_nothing(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let head = app.head().await;
    let long = "a".repeat(51);
    for (plan, rule) in [
        ("", "NotEmptyValidator"),
        ("<b>", "RegularExpressionValidator"),
        (&long, "RegularExpressionValidator"),
    ] {
        assert_eq!(app.plan(&ann, plan).send().await.failed_rules(), [rule]);
    }
    for (to, rule) in [("", "NotEmptyValidator"), ("nobody", "PredicateValidator")] {
        assert_eq!(app.transfer(&ann, to).send().await.failed_rules(), [rule]);
    }
    assert_eq!(app.head().await, head);
}

async fn what_comes_again_with_its_key_is_done_once(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let cancel = || app.cancellation(&ann).header("idempotency-key", "once");
    let first = cancel().send().await.expect(202).json();
    app.log().forget_answers().await;
    assert_eq!(cancel().send().await.expect(202).json(), first);
    assert_eq!(cancel().send().await.expect(202).json(), first);
    let rows = app.log().rows().await;
    assert_eq!(rows.iter().filter(|row| row.event_type == "subscription_canceled").count(), 1);
    let stale = app.plan(&ann, "x").header("if-match", "\"1\"").send().await;
    let _ = stale.problem(412);
}

async fn what_comes_twice_at_once_is_answered_once(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let cancel = |_| app.cancellation(&ann).header("idempotency-key", "once").send();
    for answer in futures_util::future::join_all((0..6).map(cancel)).await {
        let _ = answer.expect(202);
    }
    let rows = app.log().rows().await;
    assert_eq!(rows.iter().filter(|row| row.event_type == "subscription_canceled").count(), 1);
}

async fn a_race_has_one_outcome(app: &TestApp) {
    let ann = app.buyer("ann@company.com").await;
    let all = futures_util::future::join_all((0..6).map(|_| app.cancellation(&ann).send())).await;
    let done = all.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(done, 1, "{:?}", all.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(all.iter().all(|answer| [202, 405].contains(&answer.status.as_u16())));
}
