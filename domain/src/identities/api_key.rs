//! The API key of a user: its rules.

mod events;
mod text;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::TokenHash;
use crate::kernel::{Aggregate, DomainError, ErrorKind, Evolve, OrganizationId, Timestamp, UserId};

pub use events::ApiKeyEvent;
pub use text::{ApiKeyText, TOKEN_LENGTH};

crate::ids! {
    /// An API key.
    ApiKeyId = "apikey",
}

/// How long a key that expires is good for at least.
pub const LEAST: Duration = Duration::HOUR;

/// An API key as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    user: Option<UserId>,
    token: String,
    hash: TokenHash,
    description: String,
    expires_on: Option<Timestamp>,
    revoked_on: Option<Timestamp>,
    deleted: bool,
}

/// What a new key is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct NewApiKey {
    /// Whose it is.
    pub user: UserId,
    /// The part that it is found by.
    pub token: String,
    /// Of the part that proves it.
    pub hash: TokenHash,
    /// What it is for.
    pub description: String,
    /// When it ends; never if absent.
    pub expires_on: Option<Timestamp>,
}

/// What an API key refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// It would hardly be of use.
    #[error("an API key must be good for at least an hour")]
    ExpiresTooSoon,
    /// Only its owner deletes it.
    #[error("the API key belongs to another user")]
    NotOwner,
}

impl DomainError for ApiKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ExpiresTooSoon | Self::NotOwner => ErrorKind::Rule,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::ExpiresTooSoon => "api_key_expires_too_soon",
            Self::NotOwner => "api_key_not_owner",
        }
    }
}

impl ApiKey {
    /// A new key.
    ///
    /// # Errors
    /// [`ApiKeyError::ExpiresTooSoon`].
    pub fn create(new: NewApiKey, now: Timestamp) -> Result<Vec<ApiKeyEvent>, ApiKeyError> {
        let NewApiKey { user, token, hash, description, expires_on } = new;
        if expires_on.is_some_and(|end| end < now.plus(LEAST)) {
            return Err(ApiKeyError::ExpiresTooSoon);
        }
        Ok(vec![
            ApiKeyEvent::Created { user_id: user, key_token: token, key_hash: hash },
            ApiKeyEvent::ParametersChanged { expires_on, description },
        ])
    }
    /// Ends it now; nothing happens if it has ended by itself.
    #[must_use]
    pub fn expire(&self, now: Timestamp) -> Vec<ApiKeyEvent> {
        match &self.user {
            Some(user) if !self.deleted && !self.is_expired(now) => {
                vec![ApiKeyEvent::Expired { user_id: user.clone(), expired_on: now }]
            }
            _ => vec![],
        }
    }
    /// Takes it away from its owner; nothing happens if it was taken already.
    #[must_use]
    pub fn revoke(&self, now: Timestamp) -> Vec<ApiKeyEvent> {
        match &self.user {
            Some(user) if self.revoked_on.is_none() => {
                vec![ApiKeyEvent::Revoked { user_id: user.clone(), revoked_on: now }]
            }
            _ => vec![],
        }
    }
    /// Deletes it for good.
    ///
    /// # Errors
    /// [`ApiKeyError::NotOwner`].
    pub fn delete(&self, by: &UserId) -> Result<Vec<ApiKeyEvent>, ApiKeyError> {
        if self.user.as_ref() != Some(by) {
            return Err(ApiKeyError::NotOwner);
        }
        Ok(vec![ApiKeyEvent::Deleted { deleted_by_id: by.clone(), is_tombstone: true }])
    }
    /// Whether this secret is its own, and it may be used now.
    #[must_use]
    pub fn opens(&self, secret: &TokenHash, now: Timestamp) -> bool {
        let own = self.user.is_some() && self.hash.matches(secret);
        own && !self.deleted && self.revoked_on.is_none() && !self.is_expired(now)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_on.is_some_and(|end| end <= now)
    }
    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }
    /// The part that it is found by.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
    /// What it is for; empty once its user was erased.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }
    /// When it ends, or has ended.
    #[must_use]
    pub fn expires_on(&self) -> Option<Timestamp> {
        self.expires_on
    }
}

impl Evolve for ApiKey {
    const TYPE: &'static str = "api_key";
    type Event = ApiKeyEvent;

    fn evolve(&mut self, event: &ApiKeyEvent) {
        match event.clone() {
            ApiKeyEvent::Created { user_id, key_token, key_hash } => {
                self.user = Some(user_id);
                self.token = key_token;
                self.hash = key_hash;
            }
            ApiKeyEvent::ParametersChanged { expires_on, description } => {
                self.expires_on = expires_on;
                self.description = description;
            }
            ApiKeyEvent::Expired { user_id: _, expired_on } => self.expires_on = Some(expired_on),
            ApiKeyEvent::Revoked { user_id: _, revoked_on } => self.revoked_on = Some(revoked_on),
            ApiKeyEvent::Deleted { .. } => self.deleted = true,
        }
    }
}

impl Aggregate for ApiKey {
    const STATE_VERSION: u32 = 1;

    /// The platform's: its user may belong to many organizations.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        self.deleted
    }
    fn subject(&self, _: &str) -> Option<String> {
        self.user.as_ref().map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests;
