//! What holds for every endpoint: formats, binding, statuses, CORS, correlation.

use acceptance::{TestApp, on_every_deployment};
use reqwest::Method;
use serde_json::json;

use crate::honda;

on_every_deployment!(
    answers_are_json_unless_xml_is_asked_for,
    problems_follow_the_same_choice,
    what_cannot_be_written_is_refused_before_it_is_done,
    browsers_of_any_origin_may_call,
    every_answer_names_its_request,
    methods_have_their_statuses,
    names_and_literals_fold_case,
    times_and_enums_have_one_form,
    a_failure_is_shown_to_testers,
    headers_protect_browsers,
    usual_statuses_follow_from_the_method,
);

async fn answers_are_json_unless_xml_is_asked_for(app: &TestApp) {
    let path = "/testingonly/negotiations/get";
    let json = "application/json";
    let xml = "application/xml; charset=utf-8";
    for (accept, query, expected) in [
        ("*/*", "", json),
        ("application/json", "?format=xml", json),
        ("application/xml", "", xml),
        ("application/xml", "?format=json", xml),
        ("text/plain", "?format=XML", xml),
        ("text/plain", "?format=json", json),
    ] {
        let request = app.get(&format!("{path}{query}")).header("accept", accept);
        let answer = request.send().await.expect(200);
        assert_eq!(answer.header("content-type"), expected, "{accept} {query}");
    }
    let answer = app.get(path).header("accept", "application/xml").send().await.expect(200);
    let text = answer.text();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"), "{text}");
    assert!(text.contains("<StringMessageTestingOnlyResponse"), "{text}");
    assert!(text.contains("<Message>amessage</Message>"), "{text}");
    for (accept, query) in [("text/plain", ""), ("text/plain", "?format=csv"), ("image/*", "")] {
        let request = app.get(&format!("{path}{query}")).header("accept", accept);
        let _ = request.send().await.problem(415);
    }
    let owner = app.owner();
    app.register_car(&owner).await;
    let answer = app.get("/cars").by(&owner).header("accept", "application/xml").send().await;
    let text = answer.expect(200).text();
    assert!(text.contains("<Make>Honda</Make>") && text.contains("<Total>1</Total>"), "{text}");
}

async fn problems_follow_the_same_choice(app: &TestApp) {
    let owner = app.owner();
    let request = app.get("/cars?limit=-1").by(&owner).header("accept", "application/xml");
    let answer = request.send().await.expect(400);
    assert!(answer.header("content-type").starts_with("application/problem+xml"), "{answer}");
    assert!(answer.text().contains("InclusiveBetweenValidator"), "{answer}");
}

async fn what_cannot_be_written_is_refused_before_it_is_done(app: &TestApp) {
    let owner = app.owner();
    let request = app.post("/cars").by(&owner).header("accept", "image/png").json(&honda());
    let _ = request.send().await.problem(415);
    assert_eq!(app.head().await, 0);
}

async fn browsers_of_any_origin_may_call(app: &TestApp) {
    let preflight = app
        .request(Method::OPTIONS, "/cars")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,idempotency-key");
    let answer = preflight.send().await;
    assert!(answer.status.is_success(), "{answer}");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-max-age"), "600");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let allowed = answer.header("access-control-allow-headers").to_ascii_lowercase();
    for name in [
        "content-type",
        "authorization",
        "tenant",
        "prefer",
        "if-match",
        "idempotency-key",
        "consistency-token",
        "correlation-id",
    ] {
        assert!(allowed.contains(name), "{name} in {allowed}");
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        assert!(answer.header("access-control-allow-methods").contains(method), "{method}");
    }
    // Refusals too, or a browser could not even show them.
    let answer = app.get("/cars").header("origin", "https://example.com").send().await.expect(401);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
    for name in ["location", "etag", "consistency-token", "request-id", "retry-after"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
}

async fn every_answer_names_its_request(app: &TestApp) {
    for name in ["Correlation-Id", "X-Correlation-Id", "Request-Id", "X-Request-ID"] {
        let request = app.get("/testingonly/correlations/get").header(name, "acall");
        assert_eq!(request.send().await.expect(200).header("request-id"), "acall");
    }
    let request = app.get("/nothing").header("correlation-id", "acall");
    assert_eq!(request.send().await.expect(404).header("request-id"), "acall");
    let own = app.get("/health").send().await.expect(200).header("request-id").to_owned();
    assert!(own.len() == 32 && own.bytes().all(|b| b.is_ascii_hexdigit()), "{own}");
    let endless = "x".repeat(5_000);
    let answer = app.get("/health").header("correlation-id", &endless).send().await;
    assert!(answer.header("request-id").len() < 1_000, "{answer}");
}

async fn methods_have_their_statuses(app: &TestApp) {
    for (method, path, status) in [
        (Method::GET, "get", 200),
        (Method::GET, "search", 200),
        (Method::POST, "post1", 201),
        (Method::POST, "post2", 200),
        (Method::PUT, "putpatch", 202),
        (Method::PATCH, "putpatch", 202),
        (Method::DELETE, "delete1", 204),
        (Method::DELETE, "delete2", 202),
    ] {
        let path = format!("/testingonly/statuses/{path}");
        let answer = app.request(method, &path).send().await.expect(status);
        assert_eq!(answer.header("location"), if status == 201 { "alocation" } else { "" });
        assert_eq!(answer.body.is_empty(), status == 204);
    }
    let redirect = app.get("/testingonly/redirect/get?result=redirect").send().await.expect(302);
    assert_eq!(redirect.header("location"), "aurl");
    let _ = app.get("/testingonly/redirect/get?result=error").send().await.problem(400);
    let download = app.get("/testingonly/download").send().await.expect(200);
    assert_eq!(download.text(), "adownload");
}

async fn names_and_literals_fold_case(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    let _ = app.get(&format!("/CARS/{id}/")).by(&owner).send().await.expect(200);
    let path = "/testingonly/general/get/a/value1/b/1/c/Xy?ASTRINGQUERYPROPERTY=Ab";
    let answer = app.get(path).send().await.expect(200).json();
    assert_eq!(answer["aStringRouteProperty"], "Xy");
    assert_eq!(answer["aStringQueryProperty"], "Ab");
    let shouted = json!({
        "MAKE": "Honda", "Model": "Civic", "YEAR": 2020, "jurisdiction": "Australia",
        "NUMBERplate": "X",
    });
    let _ = app.post("/cars").by(&owner).json(&shouted).send().await.expect(201);
    let array = app.get("/testingonly/general/get/array?anArray=a&anarray[]=b").send().await;
    assert_eq!(array.expect(200).json()["message"], "a, b");
}

async fn times_and_enums_have_one_form(app: &TestApp) {
    let body = json!({
        "time": "2026-01-02T05:04:05.1200000+02:00", "enum": "TWENTYONE", "integer": 1,
        "double": 1.5, "string": "text", "unknown": {"ignored": true},
        "custom": {"time": 1_767_323_045, "enum": "oneHundredAndOne"},
    });
    let answer = app.post("/testingonly/formats/roundtrip").json(&body).send().await.expect(200);
    let expected = concat!(
        r#"{"custom":{"enum":"oneHundredAndOne","time":"2026-01-02T03:04:05Z"},"double":1.5,"#,
        r#""enum":"twentyOne","integer":1,"string":"text","time":"2026-01-02T03:04:05.12Z"}"#,
    );
    assert_eq!(answer.text(), expected);
}

async fn a_failure_is_shown_to_testers(app: &TestApp) {
    let problem = app.get("/testingonly/errors/throws").send().await.problem(500);
    assert_eq!(problem["title"], "An unexpected error occurred");
    assert_eq!(problem["detail"], "amessage");
    assert!(problem["instance"].as_str().unwrap().ends_with("/testingonly/errors/throws"));
    assert!(problem["exception"].as_str().unwrap().contains("amessage"));
    let problem = app.get("/testingonly/errors/error").send().await.problem(409);
    assert_eq!(problem["detail"], "unexplained");
}

async fn headers_protect_browsers(app: &TestApp) {
    for path in ["/cars", "/health", "/nothing"] {
        let answer = app.get(path).send().await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
        assert_eq!(answer.header("server"), "", "{answer}");
    }
}

async fn usual_statuses_follow_from_the_method(app: &TestApp) {
    let owner = app.owner();
    let answer = app.request(Method::HEAD, "/cars").by(&owner).send().await.expect(200);
    assert!(answer.body.is_empty());
    let answer = app.post("/testingonly/security/none").send().await.expect(200);
    assert_eq!(answer.text(), "{}");
}
