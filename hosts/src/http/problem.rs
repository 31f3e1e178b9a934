//! Refusals and faults on the wire: problem details (RFC 9457).

use std::{borrow::Cow, time::Duration};

use actix_web::http::StatusCode;
use application::{Error, error::FieldError};
use domain::kernel::ErrorKind;
use serde::Serialize;
use serde_json::Value;

/// A problem that a request ended in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// Where the status is explained.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Cow<'static, str>>,
    /// What sort of problem.
    pub title: Cow<'static, str>,
    /// The status.
    #[serde(serialize_with = "status")]
    pub status: StatusCode,
    /// What is wrong here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The URL of the request, where the reader needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Stable, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Every field that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Failure>,
    /// The chain of causes; for development and tests alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// When the same request may succeed.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// One field that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    reason: String,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn status<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of this status.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        Self {
            kind: explanation(status),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status,
            detail: Some(detail.into()),
            instance: None,
            code: Some(code),
            errors: vec![],
            exception: None,
            retry_after: again.contains(&status).then_some(Duration::from_secs(1)),
        }
    }

    /// A use case's error. `instance` is asked for only where it is shown; `reveal` shows what
    /// went wrong inside.
    pub fn of(error: Error, instance: impl FnOnce() -> String, reveal: bool) -> Self {
        match error {
            Error::Validation(failures) => Self::validation(failures, instance()),
            Error::Refused { kind, code, message } => {
                let message = if message.is_empty() { "unexplained".to_owned() } else { message };
                Self::new(status_of(kind), code, message)
            }
            Error::Failed(message) => {
                tracing::error!(error = message, "a request failed");
                Self {
                    title: "An error occurred while processing your request.".into(),
                    ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unexpected", message)
                }
            }
            Error::Unexpected(source) => {
                let chain = format!("unexpected: {}", chain(source.as_ref()));
                tracing::error!(error = chain, "a request failed unexpectedly");
                Self::unexpected(source.to_string(), chain, instance(), reveal)
            }
        }
    }

    /// A fault of ours, whose message and trace only `reveal` shows.
    #[must_use]
    pub fn unexpected(message: String, trace: String, instance: String, reveal: bool) -> Self {
        Self {
            kind: Some("https://tools.ietf.org/html/rfc7231#section-6.6.1".into()),
            title: "An unexpected error occurred".into(),
            detail: reveal.then_some(message),
            instance: Some(instance),
            exception: reveal.then_some(trace),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unexpected", "")
        }
    }

    fn validation(failures: Vec<FieldError>, instance: String) -> Self {
        let detail = failures.first().map(|first| first.reason.clone()).unwrap_or_default();
        let failure = |f: FieldError| Failure { reason: f.reason, rule: f.rule, value: f.value };
        Self {
            kind: Some("https://datatracker.ietf.org/doc/html/rfc9110#section-15.5".into()),
            instance: Some(instance),
            errors: failures.into_iter().map(failure).collect(),
            ..Self::new(StatusCode::BAD_REQUEST, "validation", detail)
        }
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// How each kind of refusal is answered.
#[must_use]
pub fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid | ErrorKind::Rule => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Deleted | ErrorKind::Precondition => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Exists => StatusCode::CONFLICT,
        ErrorKind::VersionMismatch => StatusCode::PRECONDITION_FAILED,
        ErrorKind::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Locked => StatusCode::LOCKED,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The section of the standard that explains a status; none for those of other standards.
fn explanation(status: StatusCode) -> Option<Cow<'static, str>> {
    let section = match status.as_u16() {
        400 => "15.5.1",
        401 => "15.5.2",
        403 => "15.5.4",
        404 => "15.5.5",
        405 => "15.5.6",
        408 => "15.5.9",
        409 => "15.5.10",
        412 => "15.5.13",
        413 => "15.5.14",
        415 => "15.5.16",
        421 => "15.5.20",
        422 => "15.5.21",
        429 => return Some("https://tools.ietf.org/html/rfc6585#section-4".into()),
        500 => "15.6.1",
        502 => "15.6.3",
        503 => "15.6.4",
        504 => "15.6.5",
        _ => return None,
    };
    Some(format!("https://tools.ietf.org/html/rfc9110#section-{section}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> String {
        "http://localhost/cars?x=1".to_owned()
    }

    fn json(problem: &Problem) -> Value {
        serde_json::to_value(problem).expect("serializable")
    }

    #[test]
    fn a_refusal_names_status_section_and_code() {
        let problem = Problem::of(Error::not_found(), instance, false);
        assert_eq!(
            json(&problem),
            serde_json::json!({
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
                "title": "Not Found",
                "status": 404,
                "detail": "there is nothing with this id",
                "code": "not_found",
            })
        );
    }

    #[test]
    fn an_error_without_message_is_unexplained() {
        let error = Error::refused(ErrorKind::Exists, "exists", "");
        let problem = Problem::of(error, instance, false);
        assert_eq!(problem.detail.as_deref(), Some("unexplained"));
    }

    #[test]
    fn validation_lists_every_failure() {
        let failure = |reason: &str, value| FieldError {
            reason: reason.to_owned(),
            rule: "NotEmptyValidator",
            value,
        };
        let error = Error::Validation(vec![failure("a", None), failure("b", Some("x".into()))]);
        assert_eq!(
            json(&Problem::of(error, instance, false)),
            serde_json::json!({
                "type": "https://datatracker.ietf.org/doc/html/rfc9110#section-15.5",
                "title": "Bad Request",
                "status": 400,
                "detail": "a",
                "instance": "http://localhost/cars?x=1",
                "code": "validation",
                "errors": [
                    {"reason": "a", "rule": "NotEmptyValidator"},
                    {"reason": "b", "rule": "NotEmptyValidator", "value": "x"},
                ],
            })
        );
    }

    #[test]
    fn a_fault_shows_its_inside_only_when_told_to() {
        let hidden = Problem::of(Error::unexpected("secret inside"), instance, false);
        assert!(!json(&hidden).to_string().contains("secret"));
        assert_eq!(hidden.title, "An unexpected error occurred");
        let shown = Problem::of(Error::unexpected("amessage"), instance, true);
        assert_eq!(shown.detail.as_deref(), Some("amessage"));
        assert!(shown.exception.is_some());
    }

    #[test]
    fn a_fault_with_a_sentence_shows_it_always() {
        let failed = Problem::of(Error::Failed("it failed".into()), instance, false);
        assert_eq!(failed.detail.as_deref(), Some("it failed"));
        assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn what_may_succeed_later_says_when() {
        let problem = Problem::of(Error::unavailable("down"), instance, false);
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(problem.retry_after.is_some());
    }
}
