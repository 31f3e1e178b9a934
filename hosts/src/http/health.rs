//! Whether this process lives, and whether it can do its work now.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use application::ports::EventLog;
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;
use serde_json::json;
use store::consumers::{Progress, Standing, State};

use super::{page::Page, problem::Problem};

/// A projection this many events behind answers too old.
const FAR_BEHIND: u64 = 10_000;
/// A part that does not answer by then does not work.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// For example `event_log`.
    pub name: String,
    /// Whether it works.
    pub ready: bool,
    /// What is wrong with it, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Part {
    /// A part that works.
    pub fn ready(name: impl Into<String>) -> Self {
        Self { name: name.into(), ready: true, detail: None }
    }
    /// A part that does not.
    pub fn failing(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), ready: false, detail: Some(detail.into()) }
    }
}

type Ask = dyn Fn() -> BoxFuture<'static, Vec<Part>> + Send + Sync;

/// Asks parts how they are.
#[derive(Clone)]
pub struct Probe {
    name: &'static str,
    ask: Arc<Ask>,
}

impl Probe {
    /// `name` stands for all of its parts if they do not answer in time.
    pub fn new<F>(name: &'static str, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Part>> + Send + 'static,
    {
        Self { name, ask: Arc::new(move || Box::pin(ask())) }
    }

    /// Whether the event log can be read.
    pub fn log(log: Arc<dyn EventLog>) -> Self {
        Self::new("event_log", move || {
            let log = log.clone();
            async move {
                vec![match log.head().await {
                    Ok(_) => Part::ready("event_log"),
                    // Its text may name hosts and databases.
                    Err(error) => {
                        tracing::warn!(%error, "not ready: the event log can't be read");
                        Part::failing("event_log", "it can't be read")
                    }
                }]
            }
        })
    }

    /// Whether every projection is served, has caught up once, and is not far behind.
    pub fn projections(progress: Arc<Progress>) -> Self {
        Self::new("projections", move || {
            let progress = progress.clone();
            async move {
                let caught_up = progress.is_ready().await;
                match progress.standings().await {
                    Some(all) => all.iter().map(|one| standing(one, caught_up)).collect(),
                    None => vec![Part::failing("projections", "they can't be asked")],
                }
            }
        })
    }

    async fn parts(&self) -> Vec<Part> {
        match tokio::time::timeout(PATIENCE, (self.ask)()).await {
            Ok(parts) => parts,
            Err(_) => vec![Part::failing(self.name, "it does not answer in time")],
        }
    }
}

fn standing(one: &Standing, caught_up: bool) -> Part {
    let name = format!("projection {}", one.name);
    let behind = one.behind;
    match one.state {
        None | Some(State::Building) => Part::failing(name, "it is being built"),
        Some(State::Retired) => Part::failing(name, "it was replaced by another version"),
        // An operator's decision; it answers as of then.
        Some(State::Paused) => Part { detail: Some("paused".into()), ..Part::ready(name) },
        Some(State::Active) if behind > FAR_BEHIND || (behind > 0 && !caught_up) => {
            Part::failing(name, format!("it is {behind} events behind"))
        }
        Some(State::Active) => Part::ready(name),
    }
}

/// Liveness and readiness.
#[must_use]
pub fn pages(probes: Vec<Probe>) -> Vec<Page> {
    let live = Page::new("/health/live", |_| {
        std::future::ready(HttpResponse::Ok().json(json!({ "status": "OK" })))
    });
    let probes = Arc::new(probes);
    let ready = Page::new("/health/ready", move |_| {
        let probes = probes.clone();
        async move { answer(&join_all(probes.iter().map(Probe::parts)).await.concat()) }
    });
    vec![live, ready]
}

fn answer(parts: &[Part]) -> HttpResponse {
    let failing: Vec<String> = parts
        .iter()
        .filter(|part| !part.ready)
        .map(|part| {
            format!("{}: {}", part.name, part.detail.as_deref().unwrap_or("it does not work"))
        })
        .collect();
    if failing.is_empty() {
        return HttpResponse::Ok().json(json!({ "status": "OK", "parts": parts }));
    }
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", failing.join("; "));
    let mut body = json!(problem);
    body["parts"] = json!(parts);
    HttpResponse::ServiceUnavailable()
        .insert_header((header::RETRY_AFTER, "1"))
        .content_type("application/problem+json")
        .body(body.to_string())
}

#[cfg(test)]
mod tests {
    use actix_web::{body::to_bytes, test::TestRequest};
    use serde_json::Value;

    use super::*;

    async fn ready(probes: Vec<Probe>) -> (u16, Value) {
        let pages = pages(probes);
        let page = pages.iter().find(|page| page.path == "/health/ready").expect("a page");
        let response = (page.serve)(TestRequest::default().to_http_request()).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body()).await.expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    fn probe(part: Part) -> Probe {
        Probe::new("parts", move || std::future::ready(vec![part.clone()]))
    }

    #[actix_web::test]
    async fn everything_must_work() {
        let (status, body) = ready(vec![probe(Part::ready("event_log"))]).await;
        assert_eq!((status, &body["status"]), (200, &json!("OK")));
        let behind = Part::failing("projection cars", "it is 12 events behind");
        let (status, body) = ready(vec![probe(Part::ready("event_log")), probe(behind)]).await;
        assert_eq!(status, 503);
        assert_eq!(body["detail"], "projection cars: it is 12 events behind");
        assert_eq!(body["parts"][0], json!({ "name": "event_log", "ready": true }));
        assert_eq!(body["parts"][1]["ready"], false);
    }

    #[test]
    fn a_projection_must_be_served_caught_up_and_near() {
        let part = |state, behind, caught_up| {
            standing(&Standing { name: "cars", state, behind }, caught_up)
        };
        assert!(part(Some(State::Active), 0, false).ready);
        assert!(part(Some(State::Active), 7, true).ready);
        assert!(part(Some(State::Paused), 1_000_000, true).ready);
        assert!(!part(Some(State::Active), 7, false).ready);
        assert!(!part(Some(State::Building), 0, true).ready);
        assert!(!part(None, 0, false).ready);
        let far = part(Some(State::Active), 10_001, true);
        assert_eq!(far, Part::failing("projection cars", "it is 10001 events behind"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_hangs_does_not_work() {
        let hanging = Probe::new("event_log", std::future::pending);
        let (status, body) = ready(vec![hanging]).await;
        assert_eq!(status, 503);
        assert_eq!(body["parts"][0]["detail"], "it does not answer in time");
    }
}
