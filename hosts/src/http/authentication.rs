//! Who is calling: the schemes that a route accepts, tried in order.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use application::{
    Access, Call, Caller, Result,
    call::BasicCredentials,
    ports::{Authenticator, Recorder},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    pairs::Pairs,
    refusals::{Refusals, Refused},
};

/// Who judges proofs, and who is told of bad ones.
#[derive(Clone, Copy)]
pub struct Guard<'a> {
    /// Judges.
    pub authenticator: &'a dyn Authenticator,
    /// Keeps audits.
    pub recorder: &'a dyn Recorder,
    /// Bounds them.
    pub refusals: &'a Refusals,
}

/// The caller; `None` if the route wants a proof and there is no good one.
///
/// # Errors
/// Unavailable, if a proof can't be checked now.
pub async fn authenticate(
    access: Access,
    headers: &HeaderMap,
    query: &Pairs<'_>,
    body: &[u8],
    guard: Guard<'_>,
    call: &Call,
) -> Result<Option<Caller>> {
    let Guard { authenticator, recorder, refusals } = guard;
    // An absent body is signed as an empty object.
    let signed = if body.is_empty() { b"{}" } else { body };
    match access {
        Access::Anonymous => {
            let known = match bearer(headers) {
                Some(token) => authenticator.bearer(token).await?,
                None => None,
            };
            Ok(Some(known.unwrap_or_else(Caller::anonymous)))
        }
        Access::Token => {
            if let Some(token) = bearer(headers)
                && let Some(caller) = authenticator.bearer(token).await?
            {
                return Ok(Some(caller));
            }
            let Some(key) = api_key(headers, query) else { return Ok(None) };
            let caller = authenticator.api_key(&key).await?;
            if caller.is_none() {
                refusals.audit(recorder, call, Refused::ApiKey).await;
            }
            Ok(caller)
        }
        // Whoever sends a signature means it.
        Access::HmacOrToken if header(headers, "x-hmac-signature").is_none() => {
            Box::pin(authenticate(Access::Token, headers, query, body, guard, call)).await
        }
        Access::Hmac | Access::HmacOrToken => {
            let good = header(headers, "x-hmac-signature")
                .is_some_and(|signature| authenticator.hmac(signed, signature));
            if !good {
                refusals.audit(recorder, call, Refused::Signature).await;
            }
            Ok(good.then(Caller::maintenance))
        }
        Access::InterHost => {
            let good = header(headers, "x-interhost-signature")
                .is_some_and(|signature| authenticator.inter_host(signed, signature));
            if !good {
                refusals.audit(recorder, call, Refused::HostSignature).await;
                return Ok(None);
            }
            match bearer(headers) {
                Some(token) => authenticator.bearer(token).await,
                None => Ok(Some(Caller::anonymous())),
            }
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What follows the name of a scheme in `Authorization`.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (sent, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    (sent.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    credentials(headers, "bearer")
}

/// From the query, else the user name of Basic with an empty password.
fn api_key(headers: &HeaderMap, query: &Pairs<'_>) -> Option<String> {
    if let Some(key) = query.get("apikey") {
        return Some(key.to_owned());
    }
    let BasicCredentials { user: key, password } = basic(headers)?;
    (password.is_empty() && !key.is_empty()).then_some(key)
}

/// User name and password of Basic (RFC 7617).
pub fn basic(headers: &HeaderMap) -> Option<BasicCredentials> {
    let encoded = credentials(headers, "basic")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(BasicCredentials { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn authorization(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("authorization"), HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn an_api_key_comes_by_query_or_as_user_without_password() {
        let none = Pairs::default();
        assert_eq!(
            api_key(&authorization("Basic YXBrX3g6"), &none).as_deref(),
            Some("apk_x"),
            "apk_x:"
        );
        for refused in ["Basic YXBrX3g6cHc=", "Basic !!!", "Basic", "Basic Og==", "Bearer YXBrX3g6"]
        {
            assert_eq!(api_key(&authorization(refused), &none), None, "{refused}");
        }
        let query = Pairs::parse("ApiKey=apk_q");
        assert_eq!(api_key(&authorization("Basic YXBrX3g6"), &query).as_deref(), Some("apk_q"));
    }

    #[test]
    fn the_name_of_a_scheme_folds_case() {
        assert_eq!(bearer(&authorization("bEARER  abc ")), Some("abc"));
        assert_eq!(bearer(&authorization("Bearer ")), None);
    }
}
