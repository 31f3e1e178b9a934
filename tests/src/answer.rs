//! What a host answered, and what must be true of it.

use reqwest::{Response, StatusCode, header::HeaderMap};
use serde_json::Value;

/// An answer, read completely.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// What was asked, for messages of failing tests.
    pub asked: String,
}

impl Answer {
    /// The host may break off while it is read.
    pub(crate) async fn read(asked: String, response: Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        Ok(Self { status, headers, body, asked })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("the body is UTF-8")
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{self}: not JSON: {error}"))
    }

    /// A header; empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// Expects this status.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self
    }

    /// Expects a problem (RFC 9457) with this status, in the one shape that all failures have.
    #[must_use]
    pub fn problem(self, status: u16) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{answer}");
        let text = |member: &str| problem[member].as_str().is_some_and(|text| !text.is_empty());
        assert!(text("title") && text("detail"), "{answer}");
        if status != 402 && status != 423 {
            assert!(problem["type"].as_str().is_some_and(|link| link.starts_with("https://")));
        }
        assert!(!answer.header("request-id").is_empty(), "{answer}: no Request-Id");
        assert!(problem.as_object().is_some_and(|members| members.values().all(|v| !v.is_null())));
        problem
    }

    /// Expects a refusal by validation; the rules that failed, in order.
    #[must_use]
    pub fn failed_rules(self) -> Vec<String> {
        let problem = self.problem(400);
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {problem}"));
        errors.iter().map(|error| error["rule"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} answered {} {body}", self.asked, self.status)
    }
}
