//! What joins everything that one request causes.

use actix_web::http::header::HeaderMap;
use application::ports::Ids;

/// Longer ids are cut.
const LONGEST: usize = 100;
/// Where a client may send one, first to last.
const SOURCES: [&str; 4] = ["correlation-id", "x-correlation-id", "request-id", "x-request-id"];

/// The client's id, reduced to visible ASCII of bounded length; a new one if it sent none.
#[must_use]
pub fn correlation(headers: &HeaderMap, ids: &dyn Ids) -> String {
    SOURCES
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .map(|id| id.chars().filter(char::is_ascii_graphic).take(LONGEST).collect::<String>())
        .find(|id| !id.is_empty())
        .unwrap_or_else(|| ids.event_id().simple().to_string())
}

/// The W3C trace context, if it has the form of one.
#[must_use]
pub fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get("traceparent")?.to_str().ok()?;
    let lengths = sent.split('-').map(str::len);
    let hex = |c: u8| c == b'-' || c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    (lengths.eq([2, 32, 16, 2]) && sent.bytes().all(hex)).then_some(sent)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use domain::kernel::IdToken;
    use uuid::Uuid;

    use super::*;

    struct Fixed;

    impl Ids for Fixed {
        fn token(&self) -> IdToken {
            IdToken::new("abcdefghij".to_owned()).expect("valid")
        }
        fn event_id(&self) -> Uuid {
            Uuid::from_u128(7)
        }
    }

    fn headers(sent: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let value = HeaderValue::from_str(value).expect("valid");
            headers.insert(HeaderName::from_static(name), value);
        }
        headers
    }

    #[test]
    fn the_first_source_wins_and_is_bounded() {
        let sent = headers(&[("request-id", "later"), ("correlation-id", "a b")]);
        assert_eq!(correlation(&sent, &Fixed), "ab");
        let long = "x".repeat(1000);
        assert_eq!(correlation(&headers(&[("x-request-id", &long)]), &Fixed).len(), LONGEST);
    }

    #[test]
    fn a_new_id_has_32_hex_digits() {
        let id = correlation(&headers(&[("request-id", "  ")]), &Fixed);
        assert_eq!(id, "00000000000000000000000000000007");
    }

    #[test]
    fn only_well_formed_trace_contexts_pass() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(traceparent(&headers(&[("traceparent", good)])), Some(good));
        assert_eq!(traceparent(&headers(&[("traceparent", "00-zz")])), None);
    }
}
