//! Versions and positions on the wire: `If-Match`, `ETag`, `Consistency-Token`, `Prefer`.

use actix_web::http::header::HeaderMap;
use application::{App, Error, Result};
use domain::kernel::ErrorKind;

use super::{route::Route, settings::HttpSettings};

/// The position that a caller has seen, and that a query must have reached.
pub const TOKEN: &str = "consistency-token";
/// A token this far beyond the head was never given out.
const BEYOND: u64 = 1000;
/// No aggregate has this version.
const NO_VERSION: u64 = u64::MAX;

/// The version that `If-Match` names. `*` is any; a weak or foreign tag never matches.
///
/// # Errors
/// Invalid, unless it is `*` or one entity tag (RFC 9110, 8.8.3).
pub fn expected_version(headers: &HeaderMap) -> Result<Option<u64>> {
    let mut sent = headers.get_all("if-match");
    let Some(value) = sent.next() else { return Ok(None) };
    let refused = || {
        let detail = "If-Match must be '*' or one entity tag";
        Error::refused(ErrorKind::Invalid, "invalid_if_match", detail)
    };
    let value = value.to_str().map_err(|_| refused())?.trim();
    if sent.next().is_some() {
        return Err(refused());
    }
    if value == "*" {
        return Ok(None);
    }
    let (weak, tag) = value.strip_prefix("W/").map_or((false, value), |tag| (true, tag));
    let opaque = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(refused)?;
    if opaque.contains('"') {
        return Err(refused());
    }
    Ok(Some(if weak { NO_VERSION } else { opaque.parse().unwrap_or(NO_VERSION) }))
}

/// Whether the caller does not want to wait for the read models.
#[must_use]
pub fn responds_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

/// Waits until a query's read models have reached the position that the caller has seen.
///
/// # Errors
/// Invalid, if the token is none of ours; unavailable, if they are too far behind.
pub async fn wait_for(
    app: &App,
    route: &Route,
    headers: &HeaderMap,
    settings: &HttpSettings,
) -> Result<()> {
    let Some(token) = headers.get(TOKEN) else { return Ok(()) };
    let refused = || {
        let detail = "The Consistency-Token is not one that this service gave out";
        Error::refused(ErrorKind::Invalid, "invalid_consistency_token", detail)
    };
    let position: u64 =
        token.to_str().ok().and_then(|token| token.trim().parse().ok()).ok_or_else(refused)?;
    let known = *app.log.watch().borrow();
    if position > known && position > app.log.head().await?.saturating_add(BEYOND) {
        return Err(refused());
    }
    if route.reads.is_empty()
        || app.read_models.reached(route.reads, position, settings.read_wait).await
    {
        return Ok(());
    }
    Err(Error::unavailable("the read model has not reached the Consistency-Token yet"))
}

/// Waits until the read models show what a command has changed, now or when it came first; gives
/// up quietly when the time is up, since the change itself is safe.
pub async fn settle(app: &App, events: &[(&str, &str)], position: u64, settings: &HttpSettings) {
    let affected = app.read_models.handling(events);
    if !affected.is_empty()
        && !app.read_models.reached(&affected, position, settings.write_wait).await
    {
        tracing::warn!(position, "read models are late; a command was answered before them");
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn reads_entity_tags() {
        assert_eq!(expected_version(&HeaderMap::new()).expect("absent"), None);
        for (sent, expected) in [
            ("*", None),
            ("\"7\"", Some(7)),
            ("W/\"7\"", Some(NO_VERSION)),
            ("\"abc\"", Some(NO_VERSION)),
        ] {
            let version = expected_version(&with("if-match", sent)).expect("well-formed");
            assert_eq!(version, expected, "{sent}");
        }
        for sent in ["7", "", "\"7", "\"1\", \"2\""] {
            assert!(expected_version(&with("if-match", sent)).is_err(), "{sent}");
        }
    }

    #[test]
    fn finds_the_preference_among_others() {
        assert!(responds_async(&with("prefer", "wait=5, Respond-Async")));
        assert!(!responds_async(&with("prefer", "return=minimal")));
    }
}
