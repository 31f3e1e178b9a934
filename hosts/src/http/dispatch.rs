//! Every request comes here: matched, shielded, answered, recorded.

use std::{net::IpAddr, panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    http::{Method, StatusCode, header::ACCESS_CONTROL_REQUEST_METHOD},
    web::Bytes,
};
use application::{Access, Call, Caller, ports::Severity};
use futures_util::FutureExt;
use serde_json::json;
use tracing::{Instrument, field::Empty};

use super::{
    correlation::{correlation, traceparent},
    negotiation::Format,
    observer::Finished,
    page::Page,
    pairs,
    payload::{self, Unread},
    pipeline::{Asked, Progress, Refusal},
    problem::Problem,
    reply,
    route::Route,
    site::Site,
    table::{Endpoint, Matched, Raw},
};

/// Members of a query whose values are never shown.
const SECRETS: [&str; 9] = [
    "apikey",
    "token",
    "code",
    "password",
    "secret",
    "client_secret",
    "refresh_token",
    "refreshtoken",
    "invitationtoken",
];

/// Answers a request, whatever happens.
pub async fn dispatch(site: &Site, request: &HttpRequest, mut payload: Payload) -> HttpResponse {
    let began = Instant::now();
    let correlation = correlation(request.headers(), site.app.ids.as_ref());
    let (route, response) = match site.table.find(request.method(), request.uri().path()) {
        Matched::Page(page) => (None, show(site, page, request).await),
        Matched::Endpoint(endpoint, _) if !site.serves(endpoint.route) => {
            (Some(endpoint.route), reply::misdirected(endpoint.route.side))
        }
        Matched::Endpoint(endpoint, raw) => {
            let response = serve(site, endpoint, &raw, request, &mut payload, &correlation, began);
            (Some(endpoint.route), response.await)
        }
        Matched::WrongMethod(allow) if request.method() == Method::OPTIONS => {
            (None, reply::preflight(Some(allow)))
        }
        Matched::WrongMethod(allow) => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let detail = format!("This path answers {allow}");
            let mut response =
                reply::problem(&Problem::new(status, "method_not_allowed", detail), Format::Json);
            if let Ok(allow) = allow.parse() {
                response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
            }
            (None, response)
        }
        Matched::Unknown if is_preflight(request) => (None, reply::preflight(None)),
        Matched::Unknown => {
            let detail = "There is nothing at this path";
            (None, plain(StatusCode::NOT_FOUND, "unknown_route", detail))
        }
    };
    let method = request.method().as_str();
    let status = response.status().as_u16();
    site.observer.finished(&Finished { route, method, status, took: began.elapsed() });
    let response = reply::finish(request, response, &correlation, site.settings.require_https);
    payload::hold(request, payload, response)
}

fn is_preflight(request: &HttpRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn plain(status: StatusCode, code: &'static str, detail: &str) -> HttpResponse {
    reply::problem(&Problem::new(status, code, detail), Format::Json)
}

async fn show(site: &Site, page: &Page, request: &HttpRequest) -> HttpResponse {
    let shown = AssertUnwindSafe(async { (page.serve)(request.clone()).await });
    match shown.catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let instance = instance(request, None);
            reply::problem(&panicked(site, instance, panic.as_ref()), Format::Json)
        }
    }
}

async fn serve(
    site: &Site,
    endpoint: &Endpoint,
    raw: &Raw<'_>,
    request: &HttpRequest,
    payload: &mut Payload,
    correlation: &str,
    began: Instant,
) -> HttpResponse {
    if site.settings.require_https && !is_https(request) {
        let detail = "This service answers HTTPS only";
        return plain(StatusCode::FORBIDDEN, "https_required", detail);
    }
    let address = address(request, site.settings.trust_proxy);
    let body = match body(site, request, payload, address).await {
        Ok(body) => body,
        Err(problem) => return reply::problem(&problem, Format::Json),
    };
    let route = endpoint.route;
    let Some(_entered) = site.enter() else { return reply::problem(&overloaded(), Format::Json) };
    // What proves something may wait long for its turn: it must leave places for everything else.
    let proving = route.guarded.then(|| site.proving.enter(address));
    if proving.as_ref().is_some_and(Option::is_none) {
        return reply::problem(&overloaded(), Format::Json);
    }
    let span = tracing::info_span!(
        "request",
        route = route.name,
        correlation,
        region = %site.app.region,
        caller = Empty,
        trace_id = Empty,
        http.response.status_code = Empty
    );
    let mut call = Call::new(Caller::anonymous(), correlation.to_owned());
    call.traceparent = site.observer.begin(&span, route, traceparent(request.headers()));
    call.secure = is_https(request);
    let mut progress = Progress { call, format: Format::Json, resource: None };
    let asked = Asked { site, endpoint, request, raw, body: &body, address };
    let shielded = AssertUnwindSafe(asked.answer(&mut progress)).catch_unwind();
    let bounded = tokio::time::timeout(site.settings.request_timeout, shielded);
    let shown = || instance(request, Some(route));
    let problem = match bounded.instrument(span.clone()).await {
        Ok(Ok(Ok(reply))) => Ok(reply),
        Ok(Ok(Err(Refusal::Error(error)))) => Err(span.in_scope(|| {
            crashed(site, route, &progress.call, &error);
            Problem::of(error, shown, site.settings.reveal_failures)
        })),
        Ok(Ok(Err(Refusal::Problem(problem)))) => Err(*problem),
        Ok(Err(panic)) => Err(span.in_scope(|| {
            let (recorder, severity) = (&site.app.recorder, severity(route));
            recorder.crash(&progress.call, severity, route.name, "it panicked");
            panicked(site, shown(), panic.as_ref())
        })),
        Err(_) => Err(overdue(route)),
    };
    let response = match problem {
        Ok(reply) => reply.write(endpoint, progress.format),
        Err(problem) => reply::problem(&problem, progress.format),
    };
    span.record("http.response.status_code", response.status().as_u16());
    tracing::debug!(
        parent: &span,
        method = request.method().as_str(),
        status = response.status().as_u16(),
        took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        "a request was answered"
    );
    if route.recorded {
        span.in_scope(|| record(site, endpoint, request, &progress, response.status(), began));
    }
    response
}

/// The body of a request. While it is on its way, the request is not at work: a client that is slow
/// keeps others waiting no more than it must.
async fn body(
    site: &Site,
    request: &HttpRequest,
    payload: &mut Payload,
    address: Option<IpAddr>,
) -> Result<Bytes, Problem> {
    if !payload::has_body(request) {
        return Ok(Bytes::new());
    }
    let _place = site.reading.enter(address).ok_or_else(overloaded)?;
    let (most, limit) = (site.settings.max_body, site.settings.body_timeout);
    payload::read(request, payload, most, limit).await.map_err(|why| unread(why, most))
}

fn overloaded() -> Problem {
    let detail = "Too many requests are at work; try again";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
}

/// What a body that was not read is answered.
#[must_use]
pub fn unread(why: Unread, most: usize) -> Problem {
    let (status, code, detail) = match why {
        Unread::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("The body may have up to {most} bytes"),
        ),
        Unread::TooSlow => {
            (StatusCode::REQUEST_TIMEOUT, "body_too_slow", "The body did not come in time".into())
        }
        Unread::Broken => {
            (StatusCode::BAD_REQUEST, "malformed_request", "The body broke off".into())
        }
    };
    Problem::new(status, code, detail)
}

fn panicked(site: &Site, instance: String, panic: &(dyn std::any::Any + Send)) -> Problem {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned());
    tracing::error!(error = message, "a request panicked");
    let trace = format!("panic: {message}");
    Problem::unexpected(message, trace, instance, site.settings.reveal_failures)
}

/// A fault of ours is more than an answer. What is wrong is told where the problem is made.
fn crashed(site: &Site, route: &'static Route, call: &Call, error: &application::Error) {
    if error.kind().is_none() {
        let error = "a request failed unexpectedly";
        site.app.recorder.crash(call, severity(route), route.name, error);
    }
}

/// Queues and bus deliver by requests, too: when these fail, what goes on behind is broken.
fn severity(route: &Route) -> Severity {
    match route.policy.access {
        Access::Hmac => Severity::Critical,
        Access::Anonymous | Access::Token | Access::HmacOrToken | Access::InterHost => {
            Severity::NonCritical
        }
    }
}

/// What a command did by then is unknown; a query may simply be asked again.
fn overdue(route: &Route) -> Problem {
    tracing::warn!(route = route.name, "a request took too long and was given up");
    if route.is_command() {
        let detail = "The operation took too long; whether it was done is not known";
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
    } else {
        let detail = "The operation took too long; try again";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail)
    }
}

fn is_https(request: &HttpRequest) -> bool {
    let proto = request.headers().get("x-forwarded-proto").and_then(|proto| proto.to_str().ok());
    proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

/// The client's address; behind a trusted proxy, the one that the proxy saw.
fn address(request: &HttpRequest, trust_proxy: bool) -> Option<IpAddr> {
    let forwarded = || {
        // A proxy adds itself to the last line, or as the last line.
        let sent = request.headers().get_all("x-forwarded-for").last()?.to_str().ok()?;
        sent.rsplit(',').next()?.trim().parse().ok()
    };
    trust_proxy
        .then(forwarded)
        .flatten()
        .or_else(|| request.peer_addr().map(|address| address.ip()))
}

/// The path, without what in it lets whoever reads it into an account.
fn shown_path(route: Option<&Route>, path: &str) -> String {
    let secret = |part: &str| {
        let name = part.trim_start_matches('{').trim_end_matches('}');
        part.starts_with('{') && SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
    };
    let mut wanted = route.map_or("", |route| route.path).split('/');
    let shown =
        path.split('/').map(|part| if wanted.next().is_some_and(secret) { "***" } else { part });
    shown.collect::<Vec<_>>().join("/")
}

/// Whether the member of a query that is sent under this name is never shown.
fn is_secret(name: &str) -> bool {
    let Some(name) = pairs::decode(name) else { return false };
    // `name[]` is the member `name`, too.
    let name = name.split('[').next().unwrap_or_default();
    SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// The URL of the request, without the values of secrets.
fn instance(request: &HttpRequest, route: Option<&Route>) -> String {
    let connection = request.connection_info();
    let path = shown_path(route, request.uri().path());
    let mut url = format!("{}://{}{path}", connection.scheme(), connection.host());
    for (at, part) in request.query_string().split('&').filter(|p| !p.is_empty()).enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        match part.split_once('=') {
            Some((name, _)) if is_secret(name) => {
                url.push_str(name);
                url.push_str("=***");
            }
            _ => url.push_str(part),
        }
    }
    url
}

fn record(
    site: &Site,
    endpoint: &Endpoint,
    request: &HttpRequest,
    progress: &Progress,
    status: StatusCode,
    began: Instant,
) {
    let route = endpoint.route;
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let properties = [
        ("EndPoint", json!(endpoint.recorded_as)),
        ("UserId", json!(progress.call.caller.id)),
        ("Route", json!(route.path)),
        ("Path", json!(shown_path(Some(route), request.uri().path()))),
        ("Method", json!(request.method().as_str())),
        ("Status", json!(status.as_u16())),
        ("Duration", json!(took)),
        ("ResourceId", json!(progress.resource)),
    ];
    let given = if progress.resource.is_some() { &properties[..] } else { &properties[..7] };
    site.app.recorder.usage(&progress.call, "http.request", given);
}
