//! The tokens of one sign-in: each refresh token is spent for the next one.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{Revocation, TokenEvent, TokenHash};
use crate::kernel::{Aggregate, DomainError, ErrorKind, Evolve, OrganizationId, Timestamp, UserId};

/// How many spent tokens are remembered at most; an older one is a token that nobody knows.
const REMEMBERED: usize = 200;
/// Nobody needs so many in so short a time, unless those remembered are to be forgotten.
const FLOOD: Duration = Duration::HOUR;

/// The tokens of one sign-in, as their events made them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenFamily {
    user: Option<UserId>,
    generation: u32,
    authenticated_on: Option<Timestamp>,
    /// The one that can be spent.
    current: Option<Kept>,
    /// Those that were, oldest first.
    spent: VecDeque<Kept>,
    /// The one that the current one came of, and when it was spent first.
    predecessor: Option<(TokenHash, Timestamp)>,
    /// The ids of the access tokens that it was spent for, of one answer or of several that were lost.
    answers: Vec<String>,
    revoked: bool,
}

/// What is kept of a refresh token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    hash: TokenHash,
    expires_on: Timestamp,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    /// Who signed in.
    pub user: UserId,
    /// What proved it, for example `credentials`.
    pub provider: String,
    /// How often that user's password had been reset.
    pub generation: u32,
    /// When it was.
    pub authenticated_on: Timestamp,
}

/// New tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// The access token's `jti`.
    pub access_token_id: String,
    /// When the access token ends.
    pub access_token_expires_on: Timestamp,
    /// The refresh token's hash.
    pub refresh_token: TokenHash,
    /// When the refresh token ends.
    pub refresh_token_expires_on: Timestamp,
}

/// Why a refresh token is no good. Callers learn nothing but that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unexplained")]
pub enum FamilyError {
    /// Nobody knows it.
    Unknown,
    /// Its time is over.
    Expired,
    /// The family has ended, or the password was reset since it began.
    Revoked,
    /// It was spent before: somebody else has it, too, and the family must end.
    Reused,
}

impl DomainError for FamilyError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unauthenticated
    }
    fn code(&self) -> &'static str {
        "unauthenticated"
    }
}

impl TokenFamily {
    /// Begins with a sign-in.
    #[must_use]
    pub fn begin(beginning: Beginning, issued: Issued) -> Vec<TokenEvent> {
        let Beginning { user, provider, generation, authenticated_on } = beginning;
        vec![
            TokenEvent::Created { user_id: user.clone(), provider, generation, authenticated_on },
            TokenEvent::TokensChanged {
                user_id: user,
                access_token_id: issued.access_token_id,
                access_token_expires_on: issued.access_token_expires_on,
                refresh_token_hash: issued.refresh_token,
                refresh_token_expires_on: issued.refresh_token_expires_on,
            },
        ]
    }
    /// Spends a refresh token for new tokens. One that was just spent can be spent again within
    /// `grace`, in case the answer was lost, as long as the refresh token that it was spent for was
    /// not used; that one is void then. `grace` is `None` if an access token [of those
    /// answers](Self::answers_to) was used. `generation` is the user's of today.
    ///
    /// # Errors
    /// [`FamilyError`]; after [`FamilyError::Reused`] the family must be [revoked](Self::revoke).
    pub fn refresh(
        &self,
        presented: &TokenHash,
        generation: u32,
        issued: Issued,
        grace: Option<Duration>,
        now: Timestamp,
    ) -> Result<Vec<TokenEvent>, FamilyError> {
        let (current, user) = self.check_alive(generation)?;
        if current.hash.matches(presented) {
            if now >= current.expires_on {
                return Err(FamilyError::Expired);
            }
        } else if !self.was_answer_lost(presented, grace, now) {
            return Err(self.misfit(presented));
        }
        if self.is_flooded(&issued) {
            return Err(FamilyError::Reused);
        }
        Ok(vec![TokenEvent::TokensRefreshed {
            user_id: user.clone(),
            spent_token_hash: presented.clone(),
            access_token_id: issued.access_token_id,
            access_token_expires_on: issued.access_token_expires_on,
            refresh_token_hash: issued.refresh_token,
            refresh_token_expires_on: issued.refresh_token_expires_on,
            refreshed_on: now,
        }])
    }
    /// Whoever holds the current refresh token ends the family.
    ///
    /// # Errors
    /// As [`Self::refresh`]; an expired token still ends it.
    pub fn end(
        &self,
        presented: &TokenHash,
        generation: u32,
    ) -> Result<Vec<TokenEvent>, FamilyError> {
        let (current, _) = self.check_alive(generation)?;
        if current.hash.matches(presented) {
            Ok(self.revoke(Revocation::Asked))
        } else {
            Err(self.misfit(presented))
        }
    }
    /// Ends the family; nothing happens if it has ended.
    #[must_use]
    pub fn revoke(&self, reason: Revocation) -> Vec<TokenEvent> {
        match &self.user {
            Some(user) if !self.revoked => {
                vec![TokenEvent::TokensRevoked { user_id: user.clone(), reason }]
            }
            _ => vec![],
        }
    }

    /// Whose tokens they are.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }
    /// The ids of the access tokens that a refresh token was spent for; none unless it is the one
    /// that was spent last, as no other can be spent again.
    #[must_use]
    pub fn answers_to(&self, presented: &TokenHash) -> &[String] {
        match &self.predecessor {
            Some((predecessor, _)) if predecessor.matches(presented) => &self.answers,
            _ => &[],
        }
    }
    /// When the user signed in.
    #[must_use]
    pub fn authenticated_on(&self) -> Option<Timestamp> {
        self.authenticated_on
    }
    /// Everything that is claimed: the current token and those that were spent.
    pub fn remembered(&self) -> impl Iterator<Item = &TokenHash> {
        self.spent.iter().chain(&self.current).map(|kept| &kept.hash)
    }

    fn check_alive(&self, generation: u32) -> Result<(&Kept, &UserId), FamilyError> {
        match (&self.current, &self.user) {
            (Some(current), Some(user)) if !self.revoked && self.generation == generation => {
                Ok((current, user))
            }
            _ => Err(FamilyError::Revoked),
        }
    }

    fn was_answer_lost(
        &self,
        presented: &TokenHash,
        grace: Option<Duration>,
        now: Timestamp,
    ) -> bool {
        self.predecessor.as_ref().zip(grace).is_some_and(|((predecessor, spent_on), grace)| {
            predecessor.matches(presented) && now <= spent_on.plus(grace)
        })
    }

    /// Whether so many tokens came so quickly that one that was stolen could be forgotten.
    fn is_flooded(&self, issued: &Issued) -> bool {
        let next = issued.refresh_token_expires_on;
        let oldest = self.spent.front().filter(|_| self.spent.len() >= REMEMBERED);
        oldest.is_some_and(|oldest| next.since(oldest.expires_on) < FLOOD)
    }
    fn misfit(&self, presented: &TokenHash) -> FamilyError {
        let spent = self.spent.iter().any(|spent| spent.hash.matches(presented));
        if spent { FamilyError::Reused } else { FamilyError::Unknown }
    }
}

impl Evolve for TokenFamily {
    const TYPE: &'static str = "auth_tokens";
    type Event = TokenEvent;

    fn evolve(&mut self, event: &TokenEvent) {
        match event {
            TokenEvent::Created { user_id, generation, authenticated_on, .. } => {
                self.user = Some(user_id.clone());
                self.generation = *generation;
                self.authenticated_on = Some(*authenticated_on);
            }
            TokenEvent::TokensChanged { refresh_token_hash, refresh_token_expires_on, .. } => {
                self.current = Some(Kept {
                    hash: refresh_token_hash.clone(),
                    expires_on: *refresh_token_expires_on,
                });
            }
            TokenEvent::TokensRefreshed {
                spent_token_hash,
                access_token_id,
                refresh_token_hash,
                refresh_token_expires_on,
                refreshed_on,
                ..
            } => {
                let next = Kept {
                    hash: refresh_token_hash.clone(),
                    expires_on: *refresh_token_expires_on,
                };
                self.spent.extend(self.current.replace(next));
                self.spent.retain(|spent| spent.expires_on > *refreshed_on);
                while self.spent.len() > REMEMBERED {
                    self.spent.pop_front();
                }
                let again = self.predecessor.as_ref().is_some_and(|(p, _)| p == spent_token_hash);
                if !again {
                    self.predecessor = Some((spent_token_hash.clone(), *refreshed_on));
                    self.answers.clear();
                }
                self.answers.push(access_token_id.clone());
            }
            TokenEvent::TokensRevoked { .. } => {
                self.revoked = true;
                self.current = None;
                self.spent.clear();
                self.predecessor = None;
                self.answers.clear();
            }
        }
    }
}

impl Aggregate for TokenFamily {
    const STATE_VERSION: u32 = 2;

    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }

    fn is_deleted(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
