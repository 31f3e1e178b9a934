//! Binding, and input that is no good.

use application::{App, Call, Policy, Result, UseCase};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{cars, fakes::start, problem};
use crate::http::{
    route::{Encoding, Route, get, post},
    settings::HttpSettings,
};

#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Echo {
    id: Option<String>,
    #[serde(rename = "an_int")]
    an_int: Option<i32>,
    big: Option<i64>,
    ratio: Option<f64>,
    flag: Option<bool>,
    level: Option<Level>,
    words: Option<Vec<String>>,
    numbers: Option<Vec<i32>>,
    inner: Option<Inner>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Level {
    One,
    TwentyOne,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Inner {
    some_text: Option<String>,
    again: Option<Vec<Level>>,
}

impl UseCase for Echo {
    const NAME: &'static str = "test.echo";
    const POLICY: Policy = Policy::anonymous();
    type Output = Self;
    async fn run(self, _: &App, _: &Call) -> Result<Self> {
        Ok(self)
    }
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Strict {
    needed_field: String,
}

impl UseCase for Strict {
    const NAME: &'static str = "test.strict";
    const POLICY: Policy = Policy::anonymous();
    type Output = Self;
    async fn run(self, _: &App, _: &Call) -> Result<Self> {
        Ok(self)
    }
}

const ECHO: &[Route] = &[
    get::<Echo>("/echo/{id}"),
    post::<Echo>("/echo/{id}"),
    post::<Echo>("/form/{id}").body(Encoding::UrlEncoded),
    post::<Echo>("/parts/{id}").body(Encoding::Multipart),
    post::<Strict>("/strict"),
];

async fn echoed(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut echoed: Value = response.json().await.unwrap();
    echoed.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    echoed
}

#[actix_web::test]
async fn query_strings_take_the_types_of_the_schema() {
    let api = start(ECHO, HttpSettings::default());
    let path = "/echo/a%20B?AN_INT=-7&BIG=9007199254740993&ratio=1e3&Flag=TRUE&LEVEL=twentyone\
        &words=x&words=y&numbers[]=1&numbers[]=2&unknown=1";
    let expected = json!({
        "id": "a B", "an_int": -7, "big": 9_007_199_254_740_993_i64, "ratio": 1000.0,
        "flag": true, "level": "twentyOne", "words": ["x", "y"], "numbers": [1, 2],
    });
    assert_eq!(echoed(api.anonymous(Method::GET, path)).await, expected);
    let other_name = echoed(api.anonymous(Method::GET, "/echo/x?anInt=3&flag=")).await;
    assert_eq!(other_name, json!({"id": "x", "an_int": 3}));
}

#[actix_web::test]
async fn the_path_wins_over_the_query_and_the_query_over_the_body() {
    let api = start(ECHO, HttpSettings::default());
    let body = json!({"ID": "body", "Big": 1, "RATIO": 2, "words": ["body"], "extra": {"x": 1},
        "Inner": {"SOMETEXT": "kept", "again": ["ONE"]}, "flag": null});
    let request = api.anonymous(Method::POST, "/echo/path?id=query&big=3&words=query").json(&body);
    assert_eq!(
        echoed(request).await,
        json!({"id": "path", "big": 3, "ratio": 2.0, "words": ["query"],
            "inner": {"someText": "kept", "again": ["one"]}})
    );
}

#[actix_web::test]
async fn in_forms_the_form_wins() {
    let api = start(ECHO, HttpSettings::default());
    let form = api.anonymous(Method::POST, "/form/path?big=1&words=query");
    let request = form
        .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        .body("Id=f%C3%B6rm&words[]=a&words[]=b+c");
    let expected = json!({"id": "förm", "big": 1, "words": ["a", "b c"]});
    assert_eq!(echoed(request).await, expected);
    let parts = "--b\r\nContent-Disposition: form-data; name=\"big\"\r\n\r\n5\r\n--b--\r\n";
    let request = api.anonymous(Method::POST, "/parts/path?big=1");
    let request = request.header("Content-Type", "multipart/form-data; boundary=b").body(parts);
    assert_eq!(echoed(request).await, json!({"id": "path", "big": 5}));
}

#[actix_web::test]
async fn a_body_of_another_type_is_no_body() {
    let api = start(ECHO, HttpSettings::default());
    let request = api.anonymous(Method::POST, "/echo/x").body("{\"big\":1}");
    assert_eq!(echoed(request).await, json!({"id": "x"}));
    let request = api.anonymous(Method::POST, "/echo/x");
    let request = request.header("Content-Type", "application/vnd.x+json; v=1").body("{\"big\":1}");
    assert_eq!(echoed(request).await, json!({"id": "x", "big": 1}));
}

#[actix_web::test]
async fn what_cannot_be_read_is_a_bad_request_that_repeats_nothing() {
    let api = start(ECHO, HttpSettings::default());
    let deep = format!("{{\"id\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("{{\"inner\":{}}}", "{\"inner\":".repeat(200) + "1" + &"}".repeat(200));
    for body in [
        "{",
        "[]",
        "\"text\"",
        "{\"big\":\"hunter2\"}",
        "{\"an_int\":2147483648}",
        "{\"big\":1.5}",
        "{\"level\":\"hunter2\"}",
        "{\"level\":1}",
        "{\"flag\":\"true\"}",
        "{\"id\":7}",
        "{\"id\":\"hunter2\\u0000\"}",
        "{\"words\":[1]}",
        "{\"words\":\"x\"}",
        "{\"inner\":{\"again\":[\"nope\"]}}",
        "{\"id\":\"\\ud800\"}",
        "{\"ratio\":1e999}",
        &deep,
        &long,
    ] {
        let request = api.anonymous(Method::POST, "/echo/x").body(body.to_owned());
        let refused = problem(request.header("Content-Type", "application/json"), 400).await;
        assert_eq!(refused["code"], "malformed_request", "{body:.40}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
    let mut bytes = b"{\"id\":\"".to_vec();
    bytes.extend([0xff, 0xfe]);
    bytes.extend(b"\"}");
    let request = api.anonymous(Method::POST, "/echo/x").body(bytes);
    problem(request.header("Content-Type", "application/json"), 400).await;
    for path in [
        "/echo/x?big=1.5",
        "/echo/x?an_int=99999999999",
        "/echo/x?level=21",
        "/echo/x?words=%ff",
        "/echo/%ff",
        "/echo/a%00b",
        "/echo/x?id=%00",
        "/echo/x?ratio=NaN",
        "/echo/x?inner=1",
    ] {
        let refused = problem(api.anonymous(Method::GET, path), 400).await;
        assert_eq!(refused["code"], "malformed_request", "{path}");
    }
}

#[actix_web::test]
async fn a_misfit_is_named_by_its_place() {
    let api = start(ECHO, HttpSettings::default());
    let request = api.anonymous(Method::POST, "/echo/x");
    let body = json!({"inner": {"again": ["one", "two"]}});
    let refused = problem(request.json(&body), 400).await;
    assert_eq!(refused["detail"], "The 'inner.again.1' must be one of: one, twentyOne");
    let refused = problem(api.anonymous(Method::POST, "/strict").json(&json!({})), 400).await;
    assert_eq!(refused["detail"], "missing field `neededField`");
}

#[actix_web::test]
async fn every_failing_field_is_reported_at_once() {
    let api = cars();
    let body = json!({"make": "Honda", "year": 1, "numberPlate": "!"});
    let request = api.as_owner(Method::POST, "/cars?apikey=hunter2").json(&body);
    let refused = problem(request, 400).await;
    let errors = refused["errors"].as_array().unwrap();
    let rules: Vec<_> = errors.iter().map(|error| error["rule"].as_str().unwrap()).collect();
    assert_eq!(
        rules,
        [
            "NotEmptyValidator",
            "InclusiveBetweenValidator",
            "NotEmptyValidator",
            "RegularExpressionValidator"
        ]
    );
    assert_eq!(refused["detail"], errors[0]["reason"]);
    assert_eq!(refused["instance"], format!("{}/cars?apikey=***", api.url));
    let request = api.as_owner(Method::POST, "/cars?api%6Bey=hunter2").json(&body);
    let refused = problem(request, 400).await;
    assert_eq!(refused["instance"], format!("{}/cars?api%6Bey=***", api.url));
    for name in ["token[]", "token%5B%5D", "password[0]"] {
        let path = format!("/cars?{name}=hunter2");
        let refused = problem(api.as_owner(Method::POST, &path).json(&body), 400).await;
        assert_eq!(refused["instance"], format!("{}/cars?{name}=***", api.url));
    }
}
