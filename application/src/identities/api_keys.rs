//! API keys: views, the read port, and how a key is made.

use async_trait::async_trait;
use domain::{
    identities::{
        ApiKey, ApiKeyEvent, ApiKeyId, ApiKeyText, NewApiKey,
        api_key::{LEAST, TOKEN_LENGTH},
    },
    kernel::{ErrorKind, Timestamp, UserId},
};
use serde::Serialize;

use crate::{
    App, Call, Decision, Error, Loaded, Result, Staged,
    error::FieldError,
    input::{Field, RawDate},
    ports::ClaimRef,
    search::{Found, Search},
    wire_time::WireTime,
};

pub mod check;
pub mod create;
pub mod delete;
pub mod revoke;
pub mod search;
pub mod uses;

/// Permanent name of the projection that serves API keys.
pub const API_KEYS: &str = "api_keys";

/// An API key as its owner sees it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = APIKey)]
pub struct ApiKeyView {
    /// `apikey_…`
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it ends, or has ended, UTC; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on_utc: Option<WireTime>,
    /// The part of the key that is no secret, 24 characters.
    pub key: String,
    /// The minute in which it was used last, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_on_utc: Option<WireTime>,
}

/// The read model of API keys.
#[async_trait]
pub trait ApiKeyReads: Send + Sync {
    /// The keys of a user that were not deleted.
    async fn keys(&self, user: &UserId, search: &Search) -> Result<Found<ApiKeyView>>;
    /// Those of them that have not ended by now, as far as the read model knows; at most a hundred.
    async fn unexpired(&self, user: &UserId, now: Timestamp) -> Result<Vec<ApiKeyId>>;
}

/// A new key, which counts once it is committed. It has no `Debug`: the text is a secret.
pub(super) struct Drawn {
    /// The whole key.
    pub text: String,
    /// Its beginning.
    pub staged: Staged,
}

/// Draws a key for a user.
///
/// # Errors
/// A rule violation, if it would end too soon.
pub(super) fn draw(
    app: &App,
    user: &UserId,
    description: &str,
    expires_on: Option<Timestamp>,
    now: Timestamp,
) -> Result<Drawn> {
    let (secret, random) = (app.secrets.token(), app.secrets.token());
    // As much of it as 18 random bytes make.
    let token: String = random.chars().take(TOKEN_LENGTH).collect();
    let new = NewApiKey {
        user: user.clone(),
        token: token.clone(),
        hash: app.secrets.hash(&secret),
        description: description.to_owned(),
        expires_on,
    };
    let decision = Decision {
        events: ApiKey::create(new, now)?,
        take: vec![token_claim(&token), newest_claim(user)],
        release: vec![],
    };
    let mut key = Loaded::<ApiKey>::new(ApiKeyId::new(app.ids.token()).as_str());
    let staged = app.api_keys.stage(&mut key, decision)?;
    Ok(Drawn { text: ApiKeyText { token: &token, secret: &secret }.expose(), staged })
}

/// What a key is found by.
fn token_claim(token: &str) -> ClaimRef {
    ClaimRef::platform("api_key_token", token)
}

/// Whoever makes another key for a user takes it over: so that of two keys that are made at once
/// the later one knows of the other.
fn newest_claim(user: &UserId) -> ClaimRef {
    ClaimRef::platform("newest_api_key", user.as_str())
}

/// A decision that frees everything that a key holds.
fn freeing(key: &ApiKey, events: Vec<ApiKeyEvent>) -> Decision<ApiKeyEvent> {
    let newest = key.user().map(newest_claim);
    let release = [token_claim(key.token())].into_iter().chain(newest).collect();
    Decision { events, take: vec![], release }
}

/// When a key is to end: an hour from now at least, or never. A date that can't be read is refused,
/// because the key would never end.
pub(super) fn expiry(
    name: &str,
    date: Option<&RawDate>,
    now: Timestamp,
) -> Field<Option<Timestamp>> {
    let Some(date) = date else { return Ok(None) };
    match date.read() {
        Some(end) if end >= now.plus(LEAST) => Ok(Some(end)),
        _ => Err(FieldError {
            reason: format!("The {name} must be at least an hour from now"),
            rule: "GreaterThanOrEqualValidator",
            value: Some(date.into()),
        }),
    }
}

impl App {
    /// A key, unless there is none or it was deleted.
    async fn existing_key(&self, call: &Call, id: &str) -> Result<Option<Loaded<ApiKey>>> {
        match self.api_keys.find(call, id).await {
            Err(Error::Refused { kind: ErrorKind::Deleted, .. }) => Ok(None),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_an_hour_from_now_at_least_or_never() {
        let now = Timestamp::parse("2026-06-01T12:00:00Z").expect("valid");
        let at = |text: &str| expiry("expiresOnUtc", Some(&RawDate::Text(text.to_owned())), now);
        assert_eq!(expiry("expiresOnUtc", None, now), Ok(None));
        assert_eq!(at("2026-06-01T13:00:00Z"), Ok(Some(now.plus(LEAST))));
        for bad in ["2026-06-01T12:59:59.999999Z", "2020-01-01T00:00:00Z", "tomorrow", ""] {
            let rule = at(bad).map_err(|error| error.rule);
            assert_eq!(rule, Err("GreaterThanOrEqualValidator"), "{bad}");
        }
    }
}
