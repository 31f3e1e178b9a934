//! Negotiation, problems, common headers.

use application::{
    App, Call, Error, Policy, Result, UseCase,
    ports::{EventLog, Severity},
    use_case::{Download, Empty, Redirected},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{car, cars, fakes::start, header, problem};
use crate::http::{
    route::{Route, Verb, download, get, post, redirecting},
    settings::HttpSettings,
};

macro_rules! use_case {
    ($name:ident = $text:literal -> $output:ty, |$call:ident| $body:expr) => {
        #[derive(Deserialize, ToSchema)]
        pub struct $name {}
        impl UseCase for $name {
            const NAME: &'static str = $text;
            const POLICY: Policy = Policy::anonymous();
            type Output = $output;
            async fn run(self, _: &App, $call: &Call) -> Result<$output> {
                $body
            }
        }
    };
}

use_case!(Panics = "test.panics" -> Empty, |_call| panic!("amessage"));
use_case!(Fails = "test.fails" -> Empty, |_call| Err(Error::unexpected("amessage")));
use_case!(Bytes = "test.bytes" -> Download, |_call| Ok(Download {
    content_type: "acontenttype".to_owned(),
    bytes: b"adownload".to_vec(),
}));
use_case!(Away = "test.away" -> Redirected<Empty>, |_call| Ok(Redirected::To("aurl".to_owned())));
use_case!(Astray = "test.astray" -> Redirected<Empty>, |_call| {
    Ok(Redirected::To("/\r\nSet-Cookie: x".to_owned()))
});
use_case!(Here = "test.here" -> Redirected<Empty>, |_call| Ok(Redirected::Not(Empty {})));

const ROUTES: &[Route] = &[
    get::<Panics>("/panics"),
    get::<Fails>("/fails"),
    download::<Bytes>("/bytes"),
    redirecting::<Away, Empty>(Verb::Get, "/away"),
    redirecting::<Astray, Empty>(Verb::Get, "/astray"),
    redirecting::<Here, Empty>(Verb::Post, "/here"),
    post::<Fails>("/fails").created("alocation"),
];

#[actix_web::test]
async fn unknown_routes_and_wrong_methods_are_problems() {
    let api = cars();
    assert_eq!(problem(api.anonymous(Method::GET, "/nope"), 404).await["title"], "Not Found");
    let response = api.anonymous(Method::PUT, "/cars").send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(header(&response, "allow"), "POST, GET, HEAD");
    assert_eq!(response.json::<Value>().await.unwrap()["title"], "Method Not Allowed");
}

#[actix_web::test]
async fn answers_come_as_xml_on_wish() {
    let api = cars();
    let (location, _) = api.register().await;
    let get = |path: &str| api.as_owner(Method::GET, path).header("Accept", "application/xml");
    let response = get(&location).send().await.unwrap();
    assert_eq!(header(&response, "content-type"), "application/xml; charset=utf-8");
    let id = location.trim_start_matches("/cars/");
    let xml = response.text().await.unwrap();
    let expected = format!(
        "<CarAnswer xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><Car><Id>{id}</Id><Manufacturer>\
         <Make>Honda</Make><Model>Civic</Model><Year>2020</Year></Manufacturer>\
         <Plate><Jurisdiction>New Zealand</Jurisdiction><Number>ABC123</Number></Plate>\
         <Owner><Id>user_ownerowner</Id></Owner>\
         <Managers><CarPerson><Id>user_ownerowner</Id></CarPerson></Managers>\
         <Status>Registered</Status></Car></CarAnswer>"
    );
    assert!(xml.ends_with(&expected), "{xml}");
    let refused = get("/cars/car_short").send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(header(&refused, "content-type"), "application/problem+xml; charset=utf-8");
    let foreign = get(&location).header("Tenant", "org_otherotherother").send().await.unwrap();
    assert_eq!(header(&foreign, "content-type"), "application/problem+json");
}

#[actix_web::test]
async fn an_unknown_media_type_is_refused_before_anything_is_done() {
    let api = cars();
    let request = api.as_owner(Method::POST, "/cars").header("Accept", "text/csv").json(&car());
    assert_eq!(problem(request, 415).await["title"], "Unsupported Media Type");
    assert_eq!(api.log.head().await.unwrap(), 0);
    let request = api.as_owner(Method::GET, "/cars?format=json").header("Accept", "text/csv");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn faults_are_problems_and_the_server_stays_up() {
    let api = start(ROUTES, HttpSettings::default());
    for path in ["/panics?token=hunter2", "/fails?token=hunter2"] {
        let fault = problem(api.anonymous(Method::GET, path), 500).await;
        assert_eq!(fault["type"], "https://tools.ietf.org/html/rfc7231#section-6.6.1");
        assert_eq!(fault["title"], "An unexpected error occurred");
        assert_eq!(fault["detail"], "amessage");
        assert!(fault["exception"].as_str().unwrap().contains("amessage"));
        assert!(!fault.to_string().contains("hunter2"));
    }
    let severities: Vec<_> = api.seen.crashes.lock().unwrap().iter().map(|(how, _)| *how).collect();
    assert_eq!(severities, [Severity::NonCritical; 2]);
    assert_eq!(problem(api.anonymous(Method::GET, "/page/panics"), 500).await["status"], 500);
    assert_eq!(api.anonymous(Method::GET, "/page").send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn bytes_and_redirects_are_not_negotiated() {
    let api = start(ROUTES, HttpSettings::default());
    let bytes = api.anonymous(Method::GET, "/bytes").header("Accept", "text/csv");
    let bytes = bytes.send().await.unwrap();
    assert_eq!(header(&bytes, "content-type"), "acontenttype");
    assert_eq!(bytes.text().await.unwrap(), "adownload");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    let away = client.get(format!("{}/away", api.url)).send().await.unwrap();
    assert_eq!((away.status().as_u16(), header(&away, "location")), (302, "aurl".to_owned()));
    problem(api.anonymous(Method::GET, "/astray"), 500).await;
    let here = api.anonymous(Method::POST, "/here").send().await.unwrap();
    assert_eq!((here.status().as_u16(), here.text().await.unwrap()), (200, "{}".to_owned()));
}

#[actix_web::test]
async fn every_response_has_a_request_id_and_safe_headers() {
    let api = cars();
    for path in ["/cars", "/nope", "/page"] {
        let request = api.anonymous(Method::GET, path).header("X-Correlation-Id", "call-1");
        let response = request.send().await.unwrap();
        assert_eq!(header(&response, "request-id"), "call-1", "{path}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "server"), "");
    }
    let own = api.anonymous(Method::GET, "/page").send().await.unwrap();
    assert_eq!(header(&own, "request-id").len(), 32);
}

#[actix_web::test]
async fn head_is_get_without_a_body() {
    let api = cars();
    let (location, _) = api.register().await;
    let head = api.as_owner(Method::HEAD, &location).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "etag"), "\"4\"");
    assert_eq!(head.bytes().await.unwrap().len(), 0);
}

#[actix_web::test]
async fn any_origin_may_ask() {
    let api = cars();
    let preflight = api
        .anonymous(Method::OPTIONS, "/cars")
        .header("Origin", "https://elsewhere")
        .header("Access-Control-Request-Method", "POST");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(header(&preflight, "access-control-allow-origin"), "*");
    assert_eq!(header(&preflight, "access-control-max-age"), "600");
    assert!(header(&preflight, "access-control-allow-headers").contains("Idempotency-Key"));
    let get = api.as_owner(Method::GET, "/cars").header("Origin", "https://elsewhere");
    let get = get.send().await.unwrap();
    assert_eq!(header(&get, "access-control-allow-origin"), "*");
    assert!(header(&get, "access-control-expose-headers").contains("ETag"));
    assert_eq!(header(&get, "access-control-allow-credentials"), "");
}

#[actix_web::test]
async fn long_answers_are_compressed() {
    let api = cars();
    for _ in 0..10 {
        api.register().await;
    }
    let list =
        |encoding: &str| api.as_owner(Method::GET, "/cars").header("Accept-Encoding", encoding);
    let plain = list("gzip;q=0").send().await.unwrap();
    assert_eq!(header(&plain, "content-encoding"), "");
    let plain = plain.bytes().await.unwrap();
    for encoding in ["gzip", "br"] {
        let small = list(encoding).send().await.unwrap();
        assert_eq!(header(&small, "content-encoding"), encoding);
        assert!(small.bytes().await.unwrap().len() < plain.len() / 2);
    }
}
