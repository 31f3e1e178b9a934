//! Audits, from what is audited to what operators see.

use acceptance::{Answer, Person, TestApp, on_both_engines, people::Grants};
use domain::kernel::roles::{Feature, Role};
use serde_json::{Value, json};

on_both_engines!(a_bad_signature_is_audited);

const REFUSED: &str = "HMACAuthentication.Failed.InvalidSignature";

async fn a_bad_signature_is_audited(app: &TestApp) {
    let head = app.head().await;
    let _ =
        app.post("/audits/drain").header("X-HMAC-Signature", "sha256=no").send().await.problem(401);
    assert_eq!(app.head().await, head, "work alone moves no position");
    assert_eq!(found(app, "").await.len(), 0, "it waits");
    drain(app).await;
    let audits = found(app, "").await;
    assert_eq!(audits.len(), 1);
    assert_eq!(audits[0]["auditCode"], REFUSED);
    assert_eq!(audits[0]["againstId"], "xxx_anonymous0000000000000");
    assert_eq!(audits[0]["templateArguments"], json!(["1"]));
    assert_eq!(audits[0]["created"], "2026-06-15T12:00:00Z");
    assert!(audits[0].get("organizationId").is_none());
}

/// Somebody who may see audits.
fn operator(app: &TestApp) -> Person {
    let grants = Grants {
        roles: vec![(Role::PlatformOperations, None)],
        features: vec![(Feature::PlatformBasic, None)],
    };
    app.person(app.user(), app.organization(), grants)
}

async fn drain(app: &TestApp) {
    let signature = app.hmac.sign(b"{}");
    let request = app.post("/audits/drain").header("X-HMAC-Signature", &signature);
    assert_eq!(request.body("application/json", "{}").send().await.expect(200).text(), "{}");
}

async fn search(app: &TestApp, query: &str) -> Answer {
    app.get(&format!("/audits{query}")).by(&operator(app)).send().await
}

async fn found(app: &TestApp, query: &str) -> Vec<Value> {
    search(app, query).await.expect(200).json()["audits"].as_array().unwrap().clone()
}
