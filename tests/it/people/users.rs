//! Other hosts look at users.

use acceptance::{TestApp, on_every_deployment, registrations::ann};

on_every_deployment!(
    only_hosts_look_at_users,
    what_is_no_user_is_not_found,
    looking_at_users_is_not_documented,
);

async fn only_hosts_look_at_users(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let path = format!("/users/{}", ann.user);
    let _ = app.get(&path).send().await.problem(401);
    let _ = app.get(&path).by(&ann).send().await.problem(401);
    let wrong = app.another_deployments_signature(b"{}");
    let _ = app.get(&path).header("x-interhost-signature", &wrong).send().await.problem(401);
    let signature = app.inter_host.sign(b"{}");
    let signed = || app.get(&path).header("x-interhost-signature", &signature);
    let _ = signed().send().await.expect(200);
    let _ = signed().by(&ann).send().await.expect(200);
    let _ = signed().bearer("nonsense").send().await.problem(401);
}

async fn what_is_no_user_is_not_found(app: &TestApp) {
    let signature = app.inter_host.sign(b"{}");
    let look =
        |id: &str| app.get(&format!("/users/{id}")).header("x-interhost-signature", &signature);
    let _ = look(app.user().as_str()).send().await.problem(404);
    assert_eq!(look("nobody").send().await.failed_rules(), ["PredicateValidator"]);
}

async fn looking_at_users_is_not_documented(app: &TestApp) {
    let document = app.get("/swagger/v1/swagger.json").send().await.expect(200).json();
    assert!(document["paths"]["/users/{Id}/roles"].is_object());
    assert!(document["paths"]["/users/{Id}"].is_null());
}
