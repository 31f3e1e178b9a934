//! What was taken from somebody is gone from the tokens that were made before.

use std::time::Duration;

use acceptance::{Answer, Person, TestApp, on_every_deployment, registrations::ann};
use application::{Call, Caller, end_users::erase::erase};
use domain::kernel::roles::Role;
use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

on_every_deployment!(
    a_role_that_was_taken_is_gone_from_tokens,
    what_was_not_taken_stays,
    whoever_was_erased_is_nobody,
    a_token_of_later_gives_what_it_says,
    where_somebody_belongs_is_not_asked_of_tokens,
);

const OPERATIONS: &str = "platform_operations";

async fn change(app: &TestApp, method: Method, by: &Person, of: &Person) -> Answer {
    let request = app.request(method, &format!("/users/{}/roles", of.user)).by(by);
    request.json(&json!({ "roles": [OPERATIONS] })).send().await
}

/// An operator, and Ann, who became one.
async fn operators(app: &TestApp) -> (Person, Person) {
    let operator = app.registered(ann("operator@company.com")).await;
    let person = app.registered(ann("ann@company.com")).await;
    let _ = change(app, Method::POST, &operator, &person).await.expect(200);
    let person = app.signed_in(&person.user).await;
    assert!(person.grants.roles.contains(&(Role::PlatformOperations, None)));
    let _ = app.get("/audits").by(&person).send().await.expect(200);
    (operator, person)
}

/// Within a second, on every host.
async fn soon(app: &TestApp, path: &str, by: &Person, status: u16) {
    let refused = async {
        while app.get(path).by(by).send().await.status != status {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(1), refused).await.unwrap();
}

async fn a_role_that_was_taken_is_gone_from_tokens(app: &TestApp) {
    let (operator, ann) = operators(app).await;
    let _ = change(app, Method::PUT, &operator, &ann).await.expect(202);
    soon(app, "/audits", &ann, 403).await;
    let _ = app.get("/audits").by(&operator).send().await.expect(200);
}

async fn what_was_not_taken_stays(app: &TestApp) {
    let (operator, ann) = operators(app).await;
    let _ = change(app, Method::PUT, &operator, &ann).await.expect(202);
    soon(app, "/audits", &ann, 403).await;
    app.register_car(&ann).await;
    let _ = app.get("/cars").by(&ann).send().await.expect(200);
}

async fn whoever_was_erased_is_nobody(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let _ = app.get("/cars").by(&ann).send().await.expect(200);
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    erase(app.ports(), &call, &ann.user).await.unwrap();
    soon(app, "/cars", &ann, 401).await;
}

async fn a_token_of_later_gives_what_it_says(app: &TestApp) {
    let (operator, before) = operators(app).await;
    let _ = change(app, Method::PUT, &operator, &before).await.expect(202);
    soon(app, "/audits", &before, 403).await;
    let _ = change(app, Method::POST, &operator, &before).await.expect(200);
    let after = app.signed_in(&before.user).await;
    let _ = app.get("/audits").by(&after).send().await.expect(200);
}

async fn where_somebody_belongs_is_not_asked_of_tokens(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let _ = app.get("/cars").by(&ann).send().await.expect(200);
    let founded = app.post("/organizations").by(&ann).json(&json!({ "name": "Acme" }));
    let founded = founded.send().await.expect(200).json()["organization"]["id"].clone();
    // What names no organization is about the new one, of which the token tells no role.
    soon(app, "/cars", &ann, 403).await;
    let own = json!({ "organizationId": ann.organization });
    let change = |to| app.put("/memberships/me/default").by(&ann).json(to).send();
    let _ = change(&own).await.expect(202);
    soon(app, "/cars", &ann, 200).await;
    let _ = change(&json!({ "organizationId": founded })).await.expect(202);
    soon(app, "/cars", &ann, 403).await;
}
