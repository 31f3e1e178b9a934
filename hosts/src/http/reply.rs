//! From what a use case answered to status, headers and body.

use std::borrow::Cow;

use actix_http::encoding::Encoder;
use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::{
        StatusCode,
        header::{ACCEPT_ENCODING, ContentEncoding, HeaderName, HeaderValue, ORIGIN},
    },
};
use application::{Call, Error, Result, use_case::Download};
use serde_json::Value;

use super::{
    negotiation::Format,
    problem::Problem,
    route::{Answer, Route, Side, Verb},
    table::Endpoint,
    xml,
};
use crate::mail_page;

/// Smaller answers are not worth compressing.
const COMPRESSED_FROM: usize = 1024;

/// An answer before it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The answer's JSON text.
    pub json: Option<String>,
    /// Bytes instead of JSON.
    pub download: Option<Download>,
    /// Where the new thing is, or where to go.
    pub location: Option<String>,
    /// The version of the aggregate.
    pub version: Option<u64>,
    /// The position of the last event.
    pub position: Option<u64>,
    /// Whether the wait for read models was left out on the caller's wish.
    pub respond_async: bool,
}

impl Reply {
    /// An empty answer.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            json: None,
            download: None,
            location: None,
            version: None,
            position: None,
            respond_async: false,
        }
    }

    /// What a route's answer becomes.
    ///
    /// # Errors
    /// Unexpected, if the route's location names what the answer does not have.
    pub fn of(route: &Route, answer: Answer, call: &Call) -> Result<Self> {
        let receipt = call.receipt();
        let gone = route.verb == Verb::Delete && answer == Answer::Empty;
        // Whether anything happened would tell who is registered.
        let told = !route.guarded;
        let mut reply = Self {
            version: receipt.version.filter(|_| told && !gone),
            position: receipt.position.filter(|_| told),
            ..Self::new(default_status(route, &answer))
        };
        match answer {
            Answer::Json(json) => {
                if let Some(pattern) = route.location {
                    reply.location = Some(location(pattern, &json)?);
                }
                reply.json = Some(json);
            }
            Answer::Empty if reply.status != StatusCode::NO_CONTENT => {
                reply.json = Some("{}".to_owned());
            }
            Answer::Empty => {}
            Answer::Download(download) => reply.download = Some(download),
            Answer::Redirect(location) => reply.location = Some(location),
        }
        // What can't be a header would end the response in something else than a problem.
        let headers = reply.location.iter().chain(reply.download.iter().map(|d| &d.content_type));
        for value in headers {
            HeaderValue::from_str(value).map_err(Error::unexpected)?;
        }
        Ok(reply)
    }

    /// Writes it.
    #[must_use]
    pub fn write(self, endpoint: &Endpoint, format: Format) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(location) = self.location {
            response.insert_header(("location", location));
        }
        if let Some(version) = self.version {
            response.insert_header(("etag", format!("\"{version}\"")));
        }
        if let Some(position) = self.position {
            response.insert_header((super::consistency::TOKEN, position));
        }
        if self.respond_async {
            response.insert_header(("preference-applied", "respond-async"));
        }
        if let Some(download) = self.download {
            return response.content_type(download.content_type).body(download.bytes);
        }
        let Some(json) = self.json else { return response.finish() };
        match (format, &endpoint.outline) {
            (Format::Xml, Some(outline)) => match outline.write(&json) {
                Ok(xml) => response.content_type("application/xml; charset=utf-8").body(xml),
                Err(error) => {
                    let fault = Problem::of(Error::unexpected(error), String::new, false);
                    problem(&fault, Format::Json)
                }
            },
            _ => response.insert_header(JSON).body(json),
        }
    }
}

const JSON: (HeaderName, HeaderValue) =
    (actix_web::http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));

fn default_status(route: &Route, answer: &Answer) -> StatusCode {
    match (answer, route.verb) {
        (Answer::Redirect(_), _) => StatusCode::FOUND,
        (Answer::Download(_), _) => StatusCode::OK,
        _ if route.ok => StatusCode::OK,
        (_, Verb::Post) if route.location.is_some() => StatusCode::CREATED,
        (_, Verb::Get | Verb::Post) => StatusCode::OK,
        (Answer::Empty, Verb::Delete) => StatusCode::NO_CONTENT,
        (Answer::Json(_), Verb::Delete) | (_, Verb::PutPatch) => StatusCode::ACCEPTED,
    }
}

/// Fills `{car.id}` from the answer.
fn location(pattern: &str, json: &str) -> Result<String> {
    if !pattern.contains('{') {
        return Ok(pattern.to_owned());
    }
    let answer: Value = serde_json::from_str(json).map_err(Error::unexpected)?;
    let mut filled = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some((literal, tail)) = rest.split_once('{') {
        let found = tail.split_once('}').and_then(|(path, tail)| {
            let value = path.split('.').try_fold(&answer, |value, name| value.get(name));
            Some((value?.as_str()?, tail))
        });
        let Some((value, tail)) = found else {
            return Err(Error::unexpected(format!("the answer lacks what '{pattern}' names")));
        };
        filled.push_str(literal);
        filled.push_str(value);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Writes a problem.
#[must_use]
pub fn problem(problem: &Problem, format: Format) -> HttpResponse {
    let mut response = HttpResponse::build(problem.status);
    if let Some(after) = problem.retry_after {
        response.insert_header(("retry-after", after.as_secs().max(1)));
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        response.insert_header(("www-authenticate", "Bearer"));
    }
    let json = match serde_json::to_string(problem) {
        Ok(json) => json,
        Err(error) => {
            tracing::error!(%error, "a problem could not be written");
            return response.finish();
        }
    };
    if format == Format::Xml
        && let Ok(xml) = xml::problem(&json)
    {
        return response.content_type("application/problem+xml; charset=utf-8").body(xml);
    }
    response.content_type("application/problem+json").body(json)
}

/// What hosts of one side answer for the other (RFC 9110, 15.5.20).
#[must_use]
pub fn misdirected(side: Side) -> HttpResponse {
    let detail = format!("This host does not serve this; hosts started as `{}` do", side.name());
    let status = StatusCode::MISDIRECTED_REQUEST;
    problem(&Problem::new(status, "misdirected_request", detail), Format::Json)
}

/// What every response carries, and compression where it is worth its while.
#[must_use]
pub fn finish(
    request: &HttpRequest,
    mut response: HttpResponse,
    correlation: &str,
    only_https: bool,
) -> HttpResponse {
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    if only_https {
        set("strict-transport-security", "max-age=31536000");
    }
    // Other sites may use the API, and not read what is in people's mail.
    if request.headers().contains_key(ORIGIN) && request.path() != mail_page::PATH {
        set("access-control-allow-origin", "*");
        set(
            "access-control-expose-headers",
            "Location, ETag, Consistency-Token, Request-Id, Retry-After",
        );
    }
    if !headers.contains_key("cache-control") {
        headers.insert(HeaderName::from_static("cache-control"), NO_STORE);
    }
    if let Ok(correlation) = HeaderValue::from_str(correlation) {
        headers.insert(HeaderName::from_static("request-id"), correlation);
    }
    compressed(request, response)
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn compressed(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    use actix_web::body::BodySize;
    let long = match response.body().size() {
        BodySize::Sized(size) => size >= COMPRESSED_FROM as u64,
        BodySize::Stream => true,
        BodySize::None => false,
    };
    let Some(encoding) = Some(request).filter(|_| long).and_then(accepted) else {
        return response;
    };
    response.map_body(|head, body| Encoder::response(encoding, head, body)).map_into_boxed_body()
}

/// The quickest encoding that the client takes.
fn accepted(request: &HttpRequest) -> Option<ContentEncoding> {
    let sent = request.headers().get(ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| {
        sent.split(',').any(|range| {
            let mut parts = range.split(';');
            let named = parts.next().is_some_and(|n| n.trim().eq_ignore_ascii_case(name));
            named && !parts.any(|weight| matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00"))
        })
    };
    if takes("gzip") {
        Some(ContentEncoding::Gzip)
    } else {
        takes("br").then_some(ContentEncoding::Brotli)
    }
}

/// Answers a preflight request: any origin, no credentials.
#[must_use]
pub fn preflight(allow: Option<Cow<'static, str>>) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    if let Some(allow) = allow {
        response.insert_header(("allow", allow.into_owned()));
    }
    response
        .insert_header(("access-control-allow-origin", "*"))
        .insert_header(("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE"))
        .insert_header((
            "access-control-allow-headers",
            "Content-Type, Authorization, Tenant, Prefer, If-Match, Idempotency-Key, \
             Consistency-Token, Correlation-Id",
        ))
        .insert_header(("access-control-max-age", "600"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_filled_from_the_answer() {
        let json = r#"{"car":{"id":"car_1"},"n":2}"#;
        assert_eq!(location("/cars/{car.id}/x", json).expect("there"), "/cars/car_1/x");
        assert_eq!(location("alocation", "not even JSON").expect("literal"), "alocation");
        for missing in ["/cars/{car.no}", "/cars/{n}", "/cars/{car"] {
            assert!(location(missing, json).is_err(), "{missing}");
        }
    }
}
