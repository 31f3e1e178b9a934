//! What changes in the head of a message on its way through a gateway.

use std::net::IpAddr;

use actix_web::http::header::{self, HeaderMap as Incoming};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// Belong to one connection only (RFC 9110, 7.6.1), whether `Connection` names them or not.
/// `Expect` is answered by the server of this gateway.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Tell of the client; from outside they are believed only if a trusted proxy sets them.
const FORWARDED: [&str; 4] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];
const CORRELATED: [&str; 4] = ["correlation-id", "x-correlation-id", "request-id", "x-request-id"];

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
    /// Whether that is a proxy which tells the truth of the client.
    pub trusted: bool,
    /// What joins everything that the request causes.
    pub correlation: &'a str,
}

/// The head of a request, as the host behind gets it.
pub fn onward(incoming: &Incoming, origin: Origin<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(incoming.len() + 5);
    let named = nominated(incoming.get_all("connection").map(header::HeaderValue::as_bytes));
    for (name, value) in incoming {
        let name = name.as_str();
        let forged = !origin.trusted && FORWARDED.contains(&name);
        if forged || HOP_BY_HOP.contains(&name) || named.iter().any(|other| other == name) {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.append(name, value);
        }
    }
    let host = headers.get("host").cloned();
    let mut fill = |name: &'static str, value: Option<HeaderValue>| {
        if let (false, Some(value)) = (headers.contains_key(name), value) {
            headers.insert(name, value);
        }
    };
    // A trusted proxy's own address is not added: the hosts behind take the last one.
    fill("x-forwarded-for", origin.peer.and_then(|peer| peer.to_string().parse().ok()));
    fill("x-forwarded-host", host);
    fill("x-forwarded-proto", Some(HeaderValue::from_static("http")));
    // An empty one says the same as none, and the client fills in another if there is none.
    fill("accept", Some(HeaderValue::from_static("")));
    if !CORRELATED.iter().any(|name| headers.contains_key(*name))
        && let Ok(id) = HeaderValue::from_str(origin.correlation)
    {
        headers.insert("request-id", id);
    }
    headers
}

/// The headers of an answer that go back to the client; its length is told by the body.
pub fn back(answered: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let named = nominated(answered.get_all("connection").iter().map(HeaderValue::as_bytes));
    answered.iter().filter(move |(name, _)| {
        let name = name.as_str();
        name != "content-length"
            && !HOP_BY_HOP.contains(&name)
            && !named.iter().any(|other| other == name)
    })
}

/// The headers that belong to the connection because `Connection` names them.
fn nominated<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    values
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(sent: &[(&'static str, &'static str)]) -> Incoming {
        let mut headers = Incoming::new();
        for (name, value) in sent {
            let value = header::HeaderValue::from_static(value);
            headers.append(header::HeaderName::from_static(name), value);
        }
        headers
    }

    fn sent_on(sent: &[(&'static str, &'static str)], trusted: bool) -> Vec<(String, String)> {
        let peer = Some([10, 0, 0, 9].into());
        let origin = Origin { peer, trusted, correlation: "made here" };
        let mut all: Vec<_> = onward(&incoming(sent), origin)
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
            .collect();
        all.sort();
        all
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_belongs_to_the_connection_stays_here() {
        let sent = [
            ("accept", "application/json"),
            ("connection", "close, X-Mine"),
            ("connection", "Other"),
            ("x-mine", "1"),
            ("other", "2"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "Basic x"),
            ("host", "api.example"),
            ("request-id", "theirs"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ];
        let expected = [
            ("accept", "application/json"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("host", "api.example"),
            ("request-id", "theirs"),
            ("x-forwarded-for", "10.0.0.9"),
            ("x-forwarded-host", "api.example"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(sent_on(&sent, false), pairs(&expected));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let sent = [
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "forged.example"),
            ("forwarded", "for=1.2.3.4"),
        ];
        let expected = [
            ("accept", ""),
            ("request-id", "made here"),
            ("x-forwarded-for", "10.0.0.9"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(sent_on(&sent, false), pairs(&expected));
        let mut expected = pairs(&sent);
        expected.extend(pairs(&[("accept", ""), ("request-id", "made here")]));
        expected.sort();
        assert_eq!(sent_on(&sent, true), expected);
    }

    #[test]
    fn answers_lose_what_belonged_to_the_connection() {
        let mut answered = HeaderMap::new();
        for (name, value) in [
            ("etag", "\"1\""),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("content-length", "7"),
            ("transfer-encoding", "chunked"),
            ("set-cookie", "a"),
        ] {
            answered.append(name, HeaderValue::from_static(value));
        }
        let mut names: Vec<_> = back(&answered).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["etag", "set-cookie"]);
    }
}
