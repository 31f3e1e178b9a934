//! Authentication, tenancy and policy.

use reqwest::Method;
use serde_json::json;

use super::{
    car, cars,
    fakes::{MINE, OTHER},
    header, problem,
};

#[actix_web::test]
async fn a_token_route_wants_a_proof() {
    let api = cars();
    let response = api.anonymous(Method::GET, "/cars").send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(header(&response, "www-authenticate"), "Bearer");
    let refused = problem(api.anonymous(Method::GET, "/cars").bearer_auth("forged"), 401).await;
    assert_eq!(refused["title"], "Unauthorized");
    problem(api.anonymous(Method::GET, "/cars").basic_auth("apk_nobody", Some("")), 401).await;
    assert_eq!(*api.seen.audits.lock().unwrap(), ["APIKeyAuthentication.Failed.InvalidAPIKey"]);
}

#[actix_web::test]
async fn an_api_key_is_as_good_as_a_token() {
    let api = cars();
    for request in [
        api.anonymous(Method::GET, "/cars").basic_auth("apk_owner", Some("")),
        api.anonymous(Method::GET, "/cars?APIKEY=apk_owner"),
        api.anonymous(Method::GET, "/cars?apikey=apk_owner").bearer_auth("forged"),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

#[actix_web::test]
async fn a_proof_that_cannot_be_checked_now_may_succeed_later() {
    let api = cars();
    let request = api.anonymous(Method::GET, "/cars").bearer_auth("unknowable");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after"), "1");
}

#[actix_web::test]
async fn a_missing_feature_is_forbidden_before_the_input_is_judged() {
    let api = cars();
    let request = api.anonymous(Method::POST, "/cars").bearer_auth("poor").json(&json!({}));
    assert_eq!(problem(request, 403).await["title"], "Forbidden");
}

#[actix_web::test]
async fn organizations_must_agree_and_be_the_callers() {
    let api = cars();
    let get = |path: &str| api.as_owner(Method::GET, path);
    assert_eq!(get("/cars").header("Tenant", MINE).send().await.unwrap().status(), 200);
    let foreign = problem(get("/cars").header("Tenant", OTHER), 403).await;
    let detail = format!("The authenticated user is not a member of organization '{OTHER}'");
    assert_eq!(foreign["detail"], detail);
    let differing = get(&format!("/cars?organizationId={MINE}")).header("Tenant", OTHER);
    assert_eq!(problem(differing, 403).await["code"], "organizations_differ");
    let mut body = car();
    body["OrganizationID"] = json!(OTHER);
    let differing = api.as_owner(Method::POST, "/cars").header("Tenant", MINE).json(&body);
    assert_eq!(problem(differing, 403).await["code"], "organizations_differ");
}

#[actix_web::test]
async fn another_organizations_car_is_not_there() {
    let api = cars();
    let (location, _) = api.register().await;
    problem(api.anonymous(Method::GET, &location).bearer_auth("stranger"), 404).await;
    problem(api.anonymous(Method::DELETE, &location).bearer_auth("stranger"), 404).await;
    assert_eq!(api.as_owner(Method::GET, &location).send().await.unwrap().status(), 200);
}
