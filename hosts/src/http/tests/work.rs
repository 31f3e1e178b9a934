//! Work that a use case enqueues: with what it does, and only if it succeeds.

use application::{
    App, Call, Policy, Result, UseCase, audits::AuditMessage, cars::register::RegisterCar,
    health::HealthCheckResponse, ports::Audited,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{car, fakes::start, problem};
use crate::http::{
    route::{Route, get, post},
    settings::HttpSettings,
};

const AUDIT: Audited<'_> =
    Audited { code: "A.Code", against: None, template: "a template", arguments: &[] };

/// Audits, and appends nothing.
#[derive(Deserialize, ToSchema)]
pub struct Noted {
    fails: Option<bool>,
}

impl UseCase for Noted {
    const NAME: &'static str = "test.noted";
    const POLICY: Policy = Policy::token();
    type Output = HealthCheckResponse;
    async fn run(self, app: &App, call: &Call) -> Result<HealthCheckResponse> {
        app.audit(call, &AUDIT)?;
        if self.fails == Some(true) {
            return Err(application::Error::conflict());
        }
        Ok(HealthCheckResponse { name: "noted".into(), status: "OK".into() })
    }
}

/// Registers a car, audited in the same append.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Audit(RegisterCar);

impl UseCase for Audit {
    const NAME: &'static str = "test.audit";
    const POLICY: Policy = RegisterCar::POLICY;
    type Output = application::cars::CarAnswer;
    async fn run(self, app: &App, call: &Call) -> Result<Self::Output> {
        app.audit(call, &AUDIT)?;
        self.0.run(app, call).await
    }
}

const ROUTES: &[Route] =
    &[get::<Noted>("/noted"), post::<Noted>("/noted"), post::<Audit>("/audited")];

#[actix_web::test]
async fn a_call_without_events_enqueues_when_it_succeeds() {
    let api = start(ROUTES, HttpSettings::default());
    let note = |key: &str, fails: bool| {
        let request = api.as_owner(Method::POST, "/noted").json(&json!({ "fails": fails }));
        request.header("Idempotency-Key", key)
    };
    problem(note("a", true), 409).await;
    assert_eq!(api.log.work(), [], "what fails leaves nothing");
    for _ in 0..2 {
        assert_eq!(note("b", false).send().await.unwrap().status(), 200);
        assert_eq!(api.log.work().len(), 1, "the same request is one");
    }
    problem(note("b", true), 422).await;
    assert_eq!(api.as_owner(Method::GET, "/noted").send().await.unwrap().status(), 200);
    assert_eq!(api.log.work().len(), 2);
}

#[actix_web::test]
async fn a_call_with_events_enqueues_with_them() {
    let api = start(ROUTES, HttpSettings::default());
    let register = |car: &Value| {
        let request = api.as_owner(Method::POST, "/audited").json(car);
        request.header("Idempotency-Key", "k").header("Request-Id", "acall")
    };
    problem(register(&json!({})), 400).await;
    assert_eq!(api.log.work(), []);
    for _ in 0..2 {
        assert_eq!(register(&car()).send().await.unwrap().status(), 200);
    }
    let work = api.log.work();
    assert_eq!(work.len(), 1, "a repeat enqueues nothing");
    let (envelope, message) =
        application::work::read::<AuditMessage>(Some(&work[0].body)).expect("readable");
    assert_eq!(message.against_id.as_deref(), Some("user_ownerowner"));
    assert_eq!(envelope.message_id.as_deref(), Some(work[0].id.as_str()));
    assert_eq!(envelope.call_id.as_deref(), Some("acall"));
    assert_eq!(envelope.tenant_id.as_deref(), Some(super::fakes::MINE));
    assert_eq!(envelope.origin_host_region.as_deref(), Some("aregion"));
}
