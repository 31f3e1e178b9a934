//! Bounds: size, time, number.

use std::time::Duration;

use application::{App, Call, Policy, Result, UseCase, use_case::Empty};
use reqwest::Method;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};
use utoipa::ToSchema;

use super::{
    car,
    fakes::{Running, start, start_part},
    problem,
};
use crate::{
    http::{
        route::{Route, Side, get, post},
        settings::{HttpSettings, Rate},
    },
    roles::Api,
};

#[derive(Deserialize, ToSchema)]
pub struct Never {}

impl UseCase for Never {
    const NAME: &'static str = "test.never";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;
    async fn run(self, _: &App, _: &Call) -> Result<Empty> {
        std::future::pending().await
    }
}

static ENTERED: Semaphore = Semaphore::const_new(0);
static LEAVE: Semaphore = Semaphore::const_new(0);

#[derive(Deserialize, ToSchema)]
pub struct Gated {}

impl UseCase for Gated {
    const NAME: &'static str = "test.gated";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;
    async fn run(self, _: &App, _: &Call) -> Result<Empty> {
        ENTERED.add_permits(1);
        LEAVE.acquire().await.unwrap().forget();
        Ok(Empty {})
    }
}

const ROUTES: &[Route] = &[
    get::<Never>("/never"),
    post::<Never>("/never"),
    get::<Gated>("/gated"),
    post::<Never>("/proof").guarded(),
];

const MOVED: &[Route] = &[get::<Gated>("/moved").on(Side::Commands)];

async fn raw(api: &Running, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(api.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[actix_web::test]
async fn large_bodies_are_refused_whether_announced_or_not() {
    let api = start(ROUTES, HttpSettings { max_body: 100, ..HttpSettings::default() });
    let big = "x".repeat(101);
    let request = api.as_owner(Method::POST, "/cars").body(big.clone());
    assert_eq!(problem(request, 413).await["code"], "body_too_large");
    let chunked = format!(
        "POST /cars HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n{big}\r\n"
    );
    assert!(raw(&api, chunked.as_bytes()).await.starts_with("HTTP/1.1 413"));
}

#[actix_web::test]
async fn slow_bodies_are_refused() {
    let body_timeout = Duration::from_millis(50);
    let api = start(ROUTES, HttpSettings { body_timeout, ..HttpSettings::default() });
    let half = b"POST /cars HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf";
    assert!(raw(&api, half).await.starts_with("HTTP/1.1 408"));
}

#[actix_web::test]
async fn slow_bodies_do_not_keep_others_from_work() {
    let api = start(ROUTES, HttpSettings { max_in_flight: 2, ..HttpSettings::default() });
    let mut slow = TcpStream::connect(api.url.trim_start_matches("http://")).await.unwrap();
    let half = b"POST /cars HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf";
    slow.write_all(half).await.unwrap();
    // Once its body is being read, this client may send no other.
    while api.as_owner(Method::POST, "/cars").json(&car()).send().await.unwrap().status() == 201 {
        tokio::task::yield_now().await;
    }
    let refused = problem(api.as_owner(Method::POST, "/cars").json(&car()), 503).await;
    assert_eq!(refused["code"], "overloaded");
    assert_eq!(api.as_owner(Method::GET, "/cars").send().await.unwrap().status(), 200);
    // It gives its place back.
    drop(slow);
    while api.as_owner(Method::POST, "/cars").json(&car()).send().await.unwrap().status() != 201 {
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn proofs_that_wait_leave_places_for_everything_else() {
    let api = start(ROUTES, HttpSettings { max_in_flight: 2, ..HttpSettings::default() });
    let proof = || Box::pin(api.anonymous(Method::POST, "/proof").send());
    // One of them waits for ever.
    let (first, _waits) = futures_util::future::select(proof(), proof()).await.factor_first();
    let refused: serde_json::Value = first.unwrap().json().await.unwrap();
    assert_eq!(refused["code"], "overloaded");
    assert_eq!(api.as_owner(Method::GET, "/cars").send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn endless_operations_are_given_up() {
    let request_timeout = Duration::from_millis(50);
    let api = start(ROUTES, HttpSettings { request_timeout, ..HttpSettings::default() });
    assert_eq!(problem(api.anonymous(Method::GET, "/never"), 503).await["code"], "timeout");
    assert_eq!(problem(api.anonymous(Method::POST, "/never"), 504).await["code"], "timeout");
}

#[actix_web::test]
async fn callers_that_ask_too_often_are_told_when_to_come_back() {
    let rate = Some(Rate { per_second: 1, burst: 2 });
    let api = start(ROUTES, HttpSettings { rate, ..HttpSettings::default() });
    for _ in 0..2 {
        assert_eq!(api.as_owner(Method::GET, "/cars").send().await.unwrap().status(), 200);
    }
    let refused = problem(api.as_owner(Method::GET, "/cars"), 429).await;
    assert_eq!(refused["title"], "Too Many Requests");
    let other = api.anonymous(Method::GET, "/cars").bearer_auth("stranger");
    assert_eq!(other.send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn what_another_host_serves_is_sent_there() {
    let settings = HttpSettings::default;
    let (commands, queries) =
        (start_part(Api::Commands, &[], settings()), start_part(Api::Queries, MOVED, settings()));
    for (api, method, path, kind) in [
        (&commands, Method::GET, "/cars", "queries"),
        (&commands, Method::HEAD, "/cars/x", "queries"),
        (&queries, Method::POST, "/cars", "commands"),
        (&queries, Method::PATCH, "/cars/x/offline", "commands"),
        // A route may say otherwise than its method.
        (&queries, Method::GET, "/moved", "commands"),
    ] {
        let head = method == Method::HEAD;
        let answer = api.anonymous(method, path).send().await.unwrap();
        assert_eq!(answer.status(), 421, "{path}");
        let text = answer.text().await.unwrap();
        assert!(head || text.contains(&format!("`{kind}`")), "{text}");
    }
    assert_eq!(
        commands.as_owner(Method::POST, "/cars").json(&car()).send().await.unwrap().status(),
        201
    );
    assert_eq!(queries.as_owner(Method::GET, "/cars").send().await.unwrap().status(), 200);
    for api in [&commands, &queries] {
        problem(api.anonymous(Method::GET, "/nope"), 404).await;
        problem(api.anonymous(Method::PUT, "/cars"), 405).await;
        let options = api.anonymous(Method::OPTIONS, "/cars").send().await.unwrap();
        assert_eq!(options.status(), 204);
    }
}

#[actix_web::test]
async fn https_can_be_demanded() {
    let api = start(ROUTES, HttpSettings { require_https: true, ..HttpSettings::default() });
    let refused = problem(api.as_owner(Method::POST, "/cars").json(&car()), 403).await;
    assert_eq!(refused["code"], "https_required");
    let proxied = api.as_owner(Method::POST, "/cars").header("X-Forwarded-Proto", "https");
    assert_eq!(proxied.json(&car()).send().await.unwrap().status(), 201);
    assert_eq!(api.anonymous(Method::GET, "/page").send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn too_many_requests_at_once_are_refused_and_a_stop_finishes_what_was_begun() {
    let api = start(ROUTES, HttpSettings { max_in_flight: 1, ..HttpSettings::default() });
    let begun = actix_web::rt::spawn(api.anonymous(Method::GET, "/gated").send());
    ENTERED.acquire().await.unwrap().forget();
    assert_eq!(problem(api.anonymous(Method::GET, "/never"), 503).await["code"], "overloaded");
    let stopping = actix_web::rt::spawn(api.handle.stop(true));
    // The listener closes first: once nobody answers, the stop is under way.
    while TcpStream::connect(api.url.trim_start_matches("http://")).await.is_ok() {
        tokio::task::yield_now().await;
    }
    LEAVE.add_permits(1);
    assert_eq!(begun.await.unwrap().unwrap().status(), 200);
    stopping.await.unwrap();
}
