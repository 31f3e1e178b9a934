//! One request, passed on to a host behind and its answer passed back, both as they come.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    dev::Payload,
    http::{StatusCode, header},
    web::Bytes,
};
use futures_util::{
    Stream,
    future::{Either, select},
    stream,
};
use metrics::counter;
use reqwest::{Method, Response};

use super::{
    headers::{Origin, back, onward},
    upload::{Outlet, channel},
    upstreams::Upstreams,
};
use crate::http::{
    dispatch::unread,
    payload::{Unread, has_body},
    problem::Problem,
    route::Side,
    settings::HttpSettings,
};

/// How long a host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// What a host gets beyond its own time for a request, to tell that it was not enough.
const GRACE: Duration = Duration::from_secs(1);
/// When the same request may succeed.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a host may take to tell whether it is ready.
const READY: Duration = Duration::from_millis(1500);

/// Keeps the connections to the hosts behind.
pub type Client = reqwest::Client;
/// Why there is no client.
pub type ClientError = reqwest::Error;

/// One client per worker: the connections of a client live on the thread that opened them.
#[derive(Clone)]
pub struct Clients {
    first: Client,
    more: Arc<Vec<Client>>,
    next: Arc<AtomicUsize>,
}

impl Clients {
    /// For so many workers.
    ///
    /// # Errors
    /// If TLS can't be set up.
    pub fn new(settings: &HttpSettings) -> Result<Self, ClientError> {
        let more = (1..settings.workers).map(|_| client(settings));
        let more = Arc::new(more.collect::<Result<Vec<_>, _>>()?);
        Ok(Self { first: client(settings)?, more, next: Arc::default() })
    }
    /// For the next worker; a worker that takes the place of another shares the client of a third.
    #[must_use]
    pub fn next(&self) -> Client {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % (self.more.len() + 1);
        self.more.get(next).unwrap_or(&self.first).clone()
    }
}

/// A client that decides nothing by itself: answers and redirects go back as they are.
///
/// # Errors
/// If TLS can't be set up.
pub fn client(settings: &HttpSettings) -> Result<Client, ClientError> {
    Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .connect_timeout(CONNECT)
        // Hosts close idle connections after the whole time; a request must not meet that.
        .pool_idle_timeout(settings.keep_alive / 2)
        .build()
}

/// Why no host answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// None accepted a connection, so nothing was done.
    Unreachable,
    /// It broke off; what it did is unknown.
    Broken,
    /// It took too long; what it did is unknown.
    Slow,
}

/// Passes a request on.
///
/// # Errors
/// What is to be said instead of an answer.
pub async fn pass(
    client: &Client,
    upstreams: &Upstreams,
    settings: &HttpSettings,
    request: &HttpRequest,
    payload: &mut Payload,
    correlation: &str,
) -> Result<HttpResponse, Box<Problem>> {
    let most = settings.max_body;
    let path = target(request)?;
    if announced(request).is_some_and(|length| length > most as u64) {
        return Err(unread(Unread::TooLarge, most).into());
    }
    let origin = Origin {
        peer: request.peer_addr().map(|address| address.ip()),
        trusted: settings.trust_proxy,
        correlation,
    };
    let head = Head {
        method: Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default(),
        path,
        headers: onward(request.headers(), origin),
    };
    let limit = settings.request_timeout + GRACE;
    let answered = if has_body(request) {
        let (inlet, outlet) = channel();
        let limit = limit + settings.body_timeout;
        let sent = pin!(send(client, upstreams, &head, Some(&outlet), limit));
        let filled = pin!(inlet.fill(payload, most, settings.body_timeout));
        match select(sent, filled).await {
            Either::Left((answered, _)) => answered,
            Either::Right((Ok(()), sent)) => sent.await,
            Either::Right((Err(why), _)) => return Err(unread(why, most).into()),
        }
    } else {
        send(client, upstreams, &head, None, limit).await
    };
    match answered {
        Ok(response) => Ok(answer(&head.method, response, settings.request_timeout)),
        Err(failure) => Err(refusal(upstreams.side, failure).into()),
    }
}

/// Whether one of these hosts says that it is ready.
pub async fn any_ready(client: &Client, urls: &[String]) -> bool {
    for url in urls {
        let asked = client.get(format!("{url}/health/ready")).timeout(READY).send().await;
        if asked.is_ok_and(|response| response.status().is_success()) {
            return true;
        }
    }
    false
}

/// A request but for its body and the host that it goes to.
struct Head {
    method: Method,
    path: String,
    headers: reqwest::header::HeaderMap,
}

/// Tries one host after the other until one accepts the connection. Whoever accepts it may have
/// done something, so that no other may be asked (RFC 9110, 9.2.2).
async fn send(
    client: &Client,
    upstreams: &Upstreams,
    head: &Head,
    body: Option<&Outlet>,
    limit: Duration,
) -> Result<Response, Failure> {
    let sent = async {
        for upstream in upstreams.in_turn() {
            let url = format!("{}{}", upstream.url, head.path);
            let mut request =
                client.request(head.method.clone(), url).headers(head.headers.clone());
            if let Some(body) = body {
                request = request.body(body.body());
            }
            match request.send().await {
                Ok(response) => {
                    upstream.works();
                    return Ok(response);
                }
                Err(error) => {
                    upstreams.failed(upstream);
                    tracing::warn!(host = upstream.url, error = cause(&error), "a host failed");
                    if !error.is_connect() {
                        return Err(Failure::Broken);
                    }
                }
            }
        }
        Err(Failure::Unreachable)
    };
    tokio::time::timeout(limit, sent).await.unwrap_or(Err(Failure::Slow))
}

/// What lies at the root of an error; its own text only says which request it was.
fn cause(error: &reqwest::Error) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

fn refusal(side: Side, failure: Failure) -> Problem {
    let side = side.name();
    let (status, code, detail) = match failure {
        Failure::Unreachable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "upstream_unreachable",
            format!("No host for {side} can be reached; nothing was done"),
        ),
        Failure::Broken => (
            StatusCode::BAD_GATEWAY,
            "upstream_failed",
            format!("The host for {side} broke off; what it did is not known"),
        ),
        Failure::Slow => (
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            format!("The host for {side} took too long; what it did is not known"),
        ),
    };
    counter!("groundwork_gateway_failures_total", "side" => side, "code" => code).increment(1);
    Problem { retry_after: Some(AGAIN), ..Problem::new(status, code, detail) }
}

/// Path and query as they were sent. Dots would be resolved on the way, and then mean another path
/// to the host than to whoever sent it.
fn target(request: &HttpRequest) -> Result<String, Box<Problem>> {
    let uri = request.uri();
    let problem = |status, code, detail| Box::new(Problem::new(status, code, detail));
    if request.method() == actix_web::http::Method::CONNECT {
        let detail = "This is no proxy to other places";
        return Err(problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail));
    }
    let dots = |segment: &str| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    };
    if uri.path().contains('\\') || uri.path().split('/').any(dots) || !uri.path().starts_with('/')
    {
        let detail = "The path has segments that are no names";
        return Err(problem(StatusCode::BAD_REQUEST, "malformed_request", detail));
    }
    Ok(uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string))
}

fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A host's answer, whose body is passed on as it comes.
fn answer(method: &Method, response: Response, idle: Duration) -> HttpResponse {
    let status = StatusCode::from_u16(response.status().as_u16());
    let mut answer = HttpResponse::build(status.unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in back(response.headers()) {
        answer.append_header((name.as_str(), value.as_bytes()));
    }
    let length = response.headers().get("content-length");
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let bodiless = *method == Method::HEAD || matches!(response.status().as_u16(), 204 | 304);
    match length {
        Some(length) if bodiless => answer.body(SizedStream::new(length, nothing())),
        None if *method == Method::HEAD => answer.streaming(nothing()),
        None if bodiless => answer.finish(),
        Some(0) => answer.finish(),
        Some(length) => answer.body(SizedStream::new(length, download(response, idle))),
        None => answer.streaming(download(response, idle)),
    }
}

fn nothing() -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::empty()
}

/// Ends with an error, and the client's connection with it, if the host breaks off or stalls.
fn download(response: Response, idle: Duration) -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::unfold(Some(response), move |response| async move {
        let mut response = response?;
        match tokio::time::timeout(idle, response.chunk()).await {
            Ok(Ok(chunk)) => Some((Ok(chunk?), Some(response))),
            Ok(Err(error)) => Some((Err(io::Error::other(error)), None)),
            Err(late) => Some((Err(late.into()), None)),
        }
    })
}
