//! What nobody should send: always a clear refusal, never a fault of ours, never a change.

use acceptance::{Answer, TestApp, on_every_deployment};
use serde_json::{Value, json};

use crate::honda;

on_every_deployment!(
    malformed_bodies_are_refused,
    wrong_types_are_refused,
    oversized_requests_are_refused,
    nul_characters_are_refused,
    strange_paths_and_queries_are_refused,
    forged_tokens_are_refused,
    malformed_proofs_are_refused,
    wrong_signatures_are_refused,
    unknown_routes_and_methods_are_refused,
);

fn refused(answer: Answer) {
    let status = answer.status;
    assert!(status.is_client_error(), "{answer}");
    let _ = answer.problem(status.as_u16());
}

async fn malformed_bodies_are_refused(app: &TestApp) {
    let owner = app.owner();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_member = format!(r#"{{"make":{}1{}}}"#, "{\"a\":".repeat(5_000), "}".repeat(5_000));
    for body in [
        b"{".to_vec(),
        b"{\"make\":\"Honda\"".to_vec(),
        b"[]".to_vec(),
        b"[{}]".to_vec(),
        b"\"text\"".to_vec(),
        b"42".to_vec(),
        b"{} {}".to_vec(),
        b"{'make':'Honda'}".to_vec(),
        b"{\"make\":\"\xff\xfe\"}".to_vec(),
        b"{\"make\":\"\\ud800\"}".to_vec(),
        b"\xef\xbb\xbf\xff".to_vec(),
        b"\x00".to_vec(),
        b"{\"year\":1e400}".to_vec(),
        deep.into_bytes(),
        deep_member.into_bytes(),
    ] {
        let request = app.post("/cars").by(&owner).body("application/json", body);
        refused(request.send().await);
    }
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "requiredField=%ff%fe"),
        ("multipart/form-data", "no boundary"),
        ("multipart/form-data; boundary=x", "--x\r\nnever closed"),
    ] {
        let path = if content_type.starts_with("multipart") { "form-data" } else { "urlencoded" };
        let path = format!("/testingonly/openapi/anid/{path}");
        refused(app.post(&path).body(content_type, body).send().await);
    }
    assert_eq!(app.head().await, 0);
}

async fn wrong_types_are_refused(app: &TestApp) {
    let owner = app.owner();
    for (member, values) in [
        ("make", vec![json!(1), json!(true), json!([]), json!({"a": 1})]),
        (
            "year",
            vec![json!("old"), json!(1.5), json!(true), json!(9_999_999_999_i64), json!([2020])],
        ),
    ] {
        for value in values {
            let mut car = honda();
            car[member] = value;
            refused(app.post("/cars").by(&owner).json(&car).send().await);
        }
    }
    let formats = "/testingonly/formats/roundtrip";
    for body in [
        json!({"enum": "five"}),
        json!({"enum": 1}),
        json!({"custom": {"enum": "five"}}),
        json!({"custom": "text"}),
        json!({"integer": "x"}),
        json!({"double": "x"}),
    ] {
        refused(app.post(formats).json(&body).send().await);
    }
    for path in [
        "/testingonly/general/get/a/Value9/b/1/c/x",
        "/testingonly/general/get/a/Value1/b/one/c/x",
        "/testingonly/general/get/a/Value1/b/1/c/x?anEnumQueryProperty=5",
        "/testingonly/general/get/a/Value1/b/1/c/x?anIntQueryProperty=99999999999999999999",
    ] {
        refused(app.get(path).send().await);
    }
    assert_eq!(app.head().await, 0);
}

async fn oversized_requests_are_refused(app: &TestApp) {
    let owner = app.owner();
    let mut car = honda();
    car["make"] = Value::from("x".repeat(2 * 1024 * 1024));
    let _ = app.post("/cars").by(&owner).json(&car).send().await.problem(413);
    // Ignored members count too.
    let mut car = honda();
    car["ignored"] = Value::from("x".repeat(2 * 1024 * 1024));
    let _ = app.post("/cars").by(&owner).json(&car).send().await.problem(413);
    let id = "x".repeat(5_000);
    refused(app.get(&format!("/cars/{id}")).by(&owner).send().await);
    let token = "x".repeat(30_000);
    refused(app.get("/cars").bearer(&token).send().await);
    let query = "a=1&".repeat(5_000);
    refused(app.get(&format!("/cars?{query}")).by(&owner).send().await);
    assert_eq!(app.head().await, 0);
}

async fn nul_characters_are_refused(app: &TestApp) {
    let owner = app.owner();
    let mut car = honda();
    car["numberPlate"] = Value::from("A\u{0}B");
    refused(app.post("/cars").by(&owner).json(&car).send().await);
    refused(app.post("/cars?numberPlate=A%00B").by(&owner).json(&honda()).send().await);
    refused(app.get("/cars/car_0123456789%00abcdef").by(&owner).send().await);
    refused(app.get("/cars?sort=%00").by(&owner).send().await);
    let request = app.get("/cars?organizationId=org_0123456789%00").by(&owner);
    refused(request.send().await);
    assert_eq!(app.head().await, 0);
}

async fn strange_paths_and_queries_are_refused(app: &TestApp) {
    let owner = app.owner();
    for path in [
        "/cars/%ff%fe",
        "/cars/..%2f..%2fetc%2fpasswd",
        "/cars/car_0123456789abcdef%20",
        "/cars/'%20OR%201=1--",
        "/cars?limit=%ff",
        "/cars?sort=name;DROP%20TABLE%20cars",
        "/cars/available?fromUtc=2040-01-01T00:00:00Z&toUtc=1",
    ] {
        refused(app.get(path).by(&owner).send().await);
    }
    // Sorting by what could be a statement is sorting by an unknown field.
    let _ = app.get("/cars?sort=position").by(&owner).send().await.expect(200);
}

async fn forged_tokens_are_refused(app: &TestApp) {
    let owner = app.owner();
    let mut parts = owner.token.split('.');
    let (head, claims) = (parts.next().unwrap(), parts.next().unwrap());
    let signature = parts.next().unwrap();
    let stranger = app.owner();
    let other_claims = stranger.token.split('.').nth(1).unwrap();
    let unsigned = app.token_head(&json!({"alg": "none", "typ": "JWT"}));
    let symmetric = app.token_head(&json!({"alg": "HS256", "typ": "JWT"}));
    for token in [
        app.forged_token(&owner),
        app.expired_token(&owner),
        app.token_for_later(&owner),
        format!("{unsigned}.{claims}."),
        format!("{unsigned}.{claims}.{signature}"),
        format!("{symmetric}.{claims}.{signature}"),
        format!("{head}.{other_claims}.{signature}"),
        format!("{head}.{claims}"),
        format!("{head}.{claims}.{}", &signature[1..]),
        format!("{head}.{claims}.{signature}.{signature}"),
        "a.b.c".to_owned(),
        "..".to_owned(),
    ] {
        let _ = app.post("/cars").bearer(&token).json(&honda()).send().await.problem(401);
    }
    assert_eq!(app.head().await, 0);
}

async fn malformed_proofs_are_refused(app: &TestApp) {
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "bearer",
        "Basic",
        "Basic !!!",
        "Basic OjpwYXNzd29yZA==",
        "Basic YXBrX3g6",
        "Digest username=\"me\"",
        "Negotiate",
        "\u{7f}",
    ] {
        let Ok(answer) = app.get("/cars").header("authorization", authorization).try_send().await
        else {
            // Not even a header to the client.
            continue;
        };
        let status = answer.status.as_u16();
        assert!(status == 401 || status == 400, "{authorization}: {answer}");
    }
    for key in ["", "apk_", "nonsense", "apk_a||b", "%00", "%ff"] {
        refused(app.get(&format!("/cars?apikey={key}")).send().await);
    }
}

async fn wrong_signatures_are_refused(app: &TestApp) {
    let path = "/testingonly/authn/hmac/get";
    let right = app.hmac.sign(b"");
    for signature in [
        "",
        "sha256=",
        "sha256=zz",
        &right[7..],
        &right.to_uppercase(),
        &app.hmac.sign(b"another body"),
        &app.another_deployments_signature(b""),
        &app.inter_host.sign(b""),
    ] {
        // Both secrets are the same in development; then a signature is good for both.
        if signature == right {
            continue;
        }
        let _ = app.get(path).header("x-hmac-signature", signature).send().await.problem(401);
    }
    let _ = app.get(path).header("x-hmac-signature", &right).send().await.expect(200);
    // What was signed is what must arrive.
    let drain = "/event_notifications/drain";
    let signed = app.hmac.sign(b"{}");
    let request = app.post(drain).header("x-hmac-signature", &signed);
    let _ = request.body("application/json", "{ }").send().await.problem(401);
}

async fn unknown_routes_and_methods_are_refused(app: &TestApp) {
    let owner = app.owner();
    for path in ["/nothing", "/cars/car_0123456789abcdef/nothing", "/car", "/cars/a/b/c/d/e"] {
        let _ = app.get(path).by(&owner).send().await.problem(404);
    }
    for (method, path, allow) in [
        ("PATCH", "/cars", "GET, HEAD"),
        ("POST", "/cars/car_0123456789abcdef", "DELETE"),
        ("TRACE", "/cars/car_0123456789abcdef/offline", "PUT, PATCH"),
        ("MADEUP", "/cars", "POST"),
        ("POST", "/health", "GET"),
    ] {
        let method = method.parse().unwrap();
        let answer = app.request(method, path).by(&owner).send().await.expect(405);
        assert!(answer.header("allow").contains(allow), "{answer}: {}", answer.header("allow"));
        let _ = answer.problem(405);
    }
}
