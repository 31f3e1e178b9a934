//! `Idempotency-Key`: a command that comes again is answered again and not done again.
//!
//! The key belongs to caller and route. Anonymous callers are many, so for them it also belongs to
//! the request itself: the same key with another request is another key, and nobody is answered
//! with what belongs to somebody else's request. So it is for everybody where a route must not tell
//! whether anything happened: that a key was used up would tell it.

use actix_web::http::{StatusCode, header::HeaderMap};
use application::{
    App, Call, Error, Result,
    caller::CallerKind,
    ports::{IdempotencyKey, Sealer, Vault},
    repository::key_reused,
};
use aws_lc_rs::digest::{Context, SHA256};
use domain::kernel::{ErrorKind, OrganizationId};
use serde::{Deserialize, Serialize};

use super::{reply::Reply, route::Route};

/// Longer keys are refused.
const LONGEST: usize = 255;

/// What a request is made of.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method as sent.
    pub method: &'a str,
    /// The path as sent.
    pub path: &'a str,
    /// The query string as sent.
    pub query: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
    /// The organization that was found.
    pub tenant: Option<&'a OrganizationId>,
}

/// An answer as it is kept.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Aggregate type and name of each event that the command appended.
    events: Vec<(String, String)>,
    status: u16,
    json: Option<String>,
    location: Option<String>,
    version: Option<u64>,
    position: Option<u64>,
}

/// The key of a request, if it has one.
///
/// # Errors
/// Invalid, if the key is empty, too long or not printable, or the route's answers are not kept.
pub fn key(
    headers: &HeaderMap,
    route: &Route,
    call: &Call,
    request: &Request<'_>,
    vault: &dyn Vault,
) -> Result<Option<IdempotencyKey>> {
    let Some(sent) = headers.get("idempotency-key") else { return Ok(None) };
    let refused = |code, detail: &str| Err(Error::refused(ErrorKind::Invalid, code, detail));
    if route.secret {
        let detail = "This operation answers a secret and takes no Idempotency-Key";
        return refused("idempotency_unsupported", detail);
    }
    let key = sent.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > LONGEST || !key.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        let detail = "The Idempotency-Key must be 1 to 255 printable ASCII characters";
        return refused("invalid_idempotency_key", detail);
    }
    // Keyed, because a body may hold what can be guessed: a password, an address.
    let fingerprint = vault.digest("request", &request.digest());
    let mut scope = format!("{}|{}", call.caller.id, route.name);
    if route.guarded || call.caller.kind == CallerKind::Anonymous {
        scope.push('|');
        scope.push_str(&fingerprint);
    }
    Ok(Some(IdempotencyKey { scope, key: key.to_owned(), fingerprint }))
}

/// An earlier answer, and what has to be known to wait for the read models once more.
#[derive(Debug, PartialEq)]
pub struct Repeated {
    /// The answer.
    pub reply: Reply,
    /// Aggregate type and name of each event that the command appended.
    pub events: Vec<(String, String)>,
}

/// The kept answer of an earlier request with this key.
///
/// # Errors
/// Key reused, if that request was another one; unavailable.
pub async fn replay(
    app: &App,
    sealer: &dyn Sealer,
    key: &IdempotencyKey,
) -> Result<Option<Repeated>> {
    let Some(stored) = app.log.answered(&key.scope, &key.key).await? else { return Ok(None) };
    if stored.fingerprint != key.fingerprint {
        return Err(key_reused());
    }
    // An answer that was not kept, or can't be opened any more, is made anew from the state.
    let kept = stored
        .response
        .and_then(|sealed| sealer.open(&context(key), &sealed))
        .and_then(|plain| serde_json::from_slice::<Kept>(&plain).ok());
    Ok(kept.and_then(|kept| {
        let reply = Reply {
            json: kept.json,
            location: kept.location,
            version: kept.version,
            position: kept.position,
            ..Reply::new(StatusCode::from_u16(kept.status).ok()?)
        };
        Some(Repeated { reply, events: kept.events })
    }))
}

/// Keeps an answer and what the command appended (aggregate type and name of each event). Failing
/// to is no failure of the command, which has been done.
pub async fn keep(
    app: &App,
    sealer: &dyn Sealer,
    key: &IdempotencyKey,
    reply: &Reply,
    events: &[(&str, &str)],
) {
    if reply.position.is_none() || reply.download.is_some() {
        return;
    }
    let owned = |&(aggregate, name): &(&str, &str)| (aggregate.to_owned(), name.to_owned());
    let kept = Kept {
        events: events.iter().map(owned).collect(),
        status: reply.status.as_u16(),
        json: reply.json.clone(),
        location: reply.location.clone(),
        version: reply.version,
        position: reply.position,
    };
    if let Err(error) = seal_and_keep(app, sealer, key, &kept).await {
        tracing::warn!(%error, "an answer could not be kept; a repeat is answered from the state");
    }
}

async fn seal_and_keep(
    app: &App,
    sealer: &dyn Sealer,
    key: &IdempotencyKey,
    kept: &Kept,
) -> Result<()> {
    let plain = serde_json::to_vec(kept).map_err(Error::unexpected)?;
    let response = sealer.seal(&context(key), &plain)?;
    Ok(app.log.keep_answer(&key.scope, &key.key, response).await?)
}

fn context(key: &IdempotencyKey) -> String {
    format!("answer|{}|{}", key.scope, key.key)
}

impl Request<'_> {
    /// A digest that only the same request has; each part is preceded by its length.
    fn digest(&self) -> String {
        let tenant = self.tenant.map_or("", OrganizationId::as_str);
        let mut digest = Context::new(&SHA256);
        for part in [
            self.method.as_bytes(),
            self.path.as_bytes(),
            self.query.as_bytes(),
            self.body,
            tenant.as_bytes(),
        ] {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut text = String::with_capacity(64);
        for byte in digest.finish().as_ref() {
            for half in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(half.into(), 16));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use application::{Caller, testing::OpenVault};

    use super::*;
    use crate::routes::{cars, identities};

    const REQUEST: Request<'static> =
        Request { method: "POST", path: "/cars", query: "", body: b"{}", tenant: None };

    fn sent(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("valid");
        headers.insert(HeaderName::from_static("idempotency-key"), value);
        headers
    }

    fn of(value: &str, caller: Caller, request: &Request<'_>) -> Result<Option<IdempotencyKey>> {
        at(&cars::ROUTES[0], value, caller, request)
    }

    fn at(
        route: &Route,
        value: &str,
        caller: Caller,
        request: &Request<'_>,
    ) -> Result<Option<IdempotencyKey>> {
        let call = Call::new(caller, String::new());
        key(&sent(value), route, &call, request, &OpenVault)
    }

    #[test]
    fn keys_are_bounded_and_printable() {
        for bad in ["", "ä", &"x".repeat(256)] {
            assert!(of(bad, Caller::maintenance(), &REQUEST).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_part_of_the_request_counts() {
        let known = of("k", Caller::maintenance(), &REQUEST).expect("valid").expect("sent");
        assert!(known.fingerprint.starts_with("request-"), "it is keyed");
        let tenant = OrganizationId::parse("org_aaaaaaaaaa").expect("valid");
        for other in [
            Request { method: "PUT", ..REQUEST },
            Request { path: "/cars/", ..REQUEST },
            Request { query: "x=1", ..REQUEST },
            Request { body: b"{ }", ..REQUEST },
            Request { tenant: Some(&tenant), ..REQUEST },
        ] {
            let other = of("k", Caller::maintenance(), &other).expect("valid").expect("sent");
            assert_eq!(other.scope, known.scope);
            assert_ne!(other.fingerprint, known.fingerprint);
        }
    }

    #[test]
    fn anonymous_callers_do_not_share_keys() {
        let one = of("k", Caller::anonymous(), &REQUEST).expect("valid").expect("sent");
        let other = Request { body: b"[]", ..REQUEST };
        let other = of("k", Caller::anonymous(), &other).expect("valid").expect("sent");
        assert_ne!(one.scope, other.scope);
    }

    #[test]
    fn where_nothing_is_told_another_request_has_another_key() {
        let guarded = identities::ROUTES.iter().filter(|route| route.guarded && !route.secret);
        for route in guarded {
            let of = |body| {
                let request = Request { body, ..REQUEST };
                at(route, "k", Caller::maintenance(), &request).expect("valid").expect("sent")
            };
            assert_ne!(of(b"{}").scope, of(b"[]").scope, "{}", route.name);
        }
    }
}
