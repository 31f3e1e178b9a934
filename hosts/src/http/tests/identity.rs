//! Authentication, tenancy and policy.

use application::{App, Call, Policy, Result, UseCase};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    car, cars,
    fakes::{MINE, OTHER, start},
    header, problem,
};
use crate::http::{
    route::{Route, get, post},
    settings::HttpSettings,
};

/// Tells who called and about which organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    caller: String,
    tenant: Option<String>,
    filled: Option<String>,
}

macro_rules! tells {
    ($name:ident = $text:literal, $policy:expr, $member:ident) => {
        #[derive(Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $member: Option<String>,
        }
        impl UseCase for $name {
            const NAME: &'static str = $text;
            const POLICY: Policy = $policy;
            type Output = Told;
            async fn run(self, _: &App, call: &Call) -> Result<Told> {
                Ok(Told {
                    caller: call.caller.id.to_string(),
                    tenant: call.tenant.as_ref().map(ToString::to_string),
                    filled: self.$member,
                })
            }
        }
    };
}

tells!(Internal = "test.internal", Policy::internal(), organization_id);
tells!(Between = "test.between", Policy::inter_host(), organization_id);
tells!(Anybody = "test.anybody", Policy::anonymous(), organization_id);
tells!(Known = "test.known", Policy::token(), organization_id);
tells!(Itself = "test.itself", Policy::token().organization(), id);

const ROUTES: &[Route] = &[
    get::<Internal>("/internal"),
    post::<Internal>("/internal").unrecorded(),
    get::<Between>("/between"),
    get::<Anybody>("/anybody"),
    get::<Known>("/known"),
    get::<Itself>("/itself/{id}"),
    get::<Itself>("/itself"),
];

async fn told(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[actix_web::test]
async fn signatures_cover_the_body() {
    let api = start(ROUTES, HttpSettings::default());
    let get = api.anonymous(Method::GET, "/internal").header("X-HMAC-Signature", "hmac:{}");
    assert_eq!(told(get).await["caller"], "xxx_maintenance00000000001");
    let post = |signature: &str| {
        let request = api.anonymous(Method::POST, "/internal").json(&json!({"x": 1}));
        request.header("X-HMAC-Signature", signature)
    };
    told(post("hmac:{\"x\":1}")).await;
    problem(post("hmac:{}"), 401).await;
    problem(api.as_owner(Method::GET, "/internal"), 401).await;
    let code = "HMACAuthentication.Failed.InvalidSignature";
    assert_eq!(*api.seen.audits.lock().unwrap(), [code, code]);
    let recorded = api.seen.usages.lock().unwrap().len();
    assert_eq!(recorded, 2, "the two gets; the posts are declared as unrecorded");
}

#[actix_web::test]
async fn another_host_may_bring_a_user_along() {
    let api = start(ROUTES, HttpSettings::default());
    let signed =
        || api.anonymous(Method::GET, "/between").header("X-InterHost-Signature", "host:{}");
    assert_eq!(told(signed()).await["caller"], "xxx_anonymous0000000000000");
    assert_eq!(told(signed().bearer_auth("owner")).await["caller"], "user_ownerowner");
    problem(signed().bearer_auth("forged"), 401).await;
    problem(api.as_owner(Method::GET, "/between"), 401).await;
    let code = "PrivateInterHostAuthentication.Failed.InvalidSignature";
    assert_eq!(*api.seen.audits.lock().unwrap(), [code]);
}

#[actix_web::test]
async fn an_open_route_honours_a_valid_token_and_ignores_others() {
    let api = start(ROUTES, HttpSettings::default());
    let get = || api.anonymous(Method::GET, "/anybody");
    assert_eq!(told(get().bearer_auth("owner")).await["caller"], "user_ownerowner");
    let key = api.anonymous(Method::GET, "/anybody?apikey=apk_owner");
    for request in [get(), get().bearer_auth("forged"), key] {
        assert_eq!(told(request).await["caller"], "xxx_anonymous0000000000000");
    }
}

#[actix_web::test]
async fn the_organization_that_was_found_fills_the_input() {
    let api = start(ROUTES, HttpSettings::default());
    let known = told(api.as_owner(Method::GET, "/known").header("Tenant", MINE)).await;
    assert_eq!((&known["tenant"], &known["filled"]), (&json!(MINE), &json!(MINE)));
    assert_eq!(told(api.as_owner(Method::GET, "/known")).await["tenant"], Value::Null);
    let path = format!("/itself/{MINE}");
    assert_eq!(told(api.as_owner(Method::GET, &path)).await["tenant"], MINE);
    assert_eq!(told(api.as_owner(Method::GET, "/itself")).await["filled"], MINE);
    problem(api.as_owner(Method::GET, &format!("/itself/{OTHER}")), 403).await;
    let operator = api.anonymous(Method::GET, "/known").bearer_auth("operator");
    assert_eq!(told(operator.header("Tenant", OTHER)).await["tenant"], OTHER);
}

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
