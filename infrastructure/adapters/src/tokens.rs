//! Access tokens: JWTs signed with RS256 (RFC 7519, RFC 8725).

use std::sync::Arc;

use application::{
    Caller,
    caller::{CallerKind, Grant},
    ports::{AccessToken, AccessTokens, Bearer, Clock, Ids},
};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::kernel::{
    Timestamp, UserId,
    roles::{Feature, Role},
};
use jsonwebtoken::{Algorithm, Header, Validation};
use moka::sync::Cache;
use time::{Duration, OffsetDateTime};

use crate::{
    claims::{self, Claims},
    key_ring::KeyRing,
    signing_keys::SigningKeyError,
};

/// Longer tokens are refused unread; bounds what one request can make us decode.
const MAX_BYTES: usize = 64 * 1024;
/// How much memory verified tokens may hold, in bytes of token text.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// The most that the clocks of two hosts may differ.
pub const MAX_LEEWAY: Duration = Duration::minutes(5);

/// Why a token is not accepted. For logs; callers learn nothing but 401.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a JWT of ours, or changed on the way.
    #[error("the token is malformed or forged: {0}")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    /// Too long, or a header or claim that we never write.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// No such key.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// Its time is over, or has not begun.
    #[error("the token is expired or not yet valid")]
    OutOfTime,
    /// It can't be signed.
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
}

/// What goes into a new token.
pub struct NewToken<'a> {
    /// For whom.
    pub user: &'a UserId,
    /// Expanded when written.
    pub roles: &'a [Grant<Role>],
    /// Expanded when written.
    pub features: &'a [Grant<Feature>],
    /// How many events the user had when that was so; `None` if nobody asked the user.
    pub version: Option<u64>,
    /// When the user logged in.
    pub logged_in_at: Timestamp,
    /// How long it is good for.
    pub lifetime: Duration,
}

/// Issues and verifies access tokens of one deployment.
pub struct Tokens {
    keys: Arc<KeyRing>,
    issuer: String,
    leeway: Duration,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    validation: Validation,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// A token that this deployment made, and whose time is now.
#[derive(Debug)]
pub struct Verified {
    /// Who calls, with what the token grants.
    pub caller: Caller,
    /// How many events the user had when that was so.
    pub version: Option<u64>,
    /// When it was made, UNIX seconds.
    pub issued: i64,
    /// Its `jti`.
    pub id: String,
    expires: i64,
    bytes: u32,
}

#[cfg(test)]
impl Verified {
    /// As if it had been verified.
    pub(crate) fn new(caller: Caller, version: Option<u64>, issued: i64, id: String) -> Self {
        Self { caller, version, issued, id, expires: i64::MAX, bytes: 0 }
    }
}

impl Tokens {
    /// `issuer` is also the audience; `leeway` is at most [`MAX_LEEWAY`].
    #[must_use]
    pub fn new(
        keys: Arc<KeyRing>,
        issuer: String,
        leeway: Duration,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&issuer]);
        // Checked against our own clock instead of the operating system's.
        validation.validate_exp = false;
        let verified = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, token: &Arc<Verified>| token.bytes)
            .build();
        let leeway = leeway.clamp(Duration::ZERO, MAX_LEEWAY);
        Self { keys, issuer, leeway, clock, ids, validation, verified }
    }

    /// The keys that sign and verify.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Makes a token.
    ///
    /// # Errors
    /// If it can't be signed.
    pub fn issue(&self, new: &NewToken<'_>) -> Result<String, TokenError> {
        Ok(self.mint(new)?.value)
    }

    /// As [`Self::issue`], with what is in it.
    ///
    /// # Errors
    /// If it can't be signed.
    pub fn mint(&self, new: &NewToken<'_>) -> Result<AccessToken, TokenError> {
        let now = self.clock.now().get().unix_timestamp();
        let claims = Claims {
            sub: new.user.to_string(),
            iat: now,
            exp: now.saturating_add(new.lifetime.whole_seconds()),
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            jti: self.ids.event_id().simple().to_string(),
            auth_time: new.logged_in_at.get().unix_timestamp(),
            user_version: new.version,
            roles: claims::write(new.roles),
            features: claims::write(new.features),
        };
        let key = self.keys.signer().ok_or(TokenError::UnknownKey)?;
        let header = Header { kid: Some(key.kid().to_owned()), ..Header::new(Algorithm::RS256) };
        let json = |error| TokenError::Invalid(jsonwebtoken::errors::Error::from(error));
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(json)?),
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).map_err(json)?)
        );
        let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes())?);
        let expires_on =
            OffsetDateTime::from_unix_timestamp(claims.exp).map_or(Timestamp::MAX, Timestamp::new);
        Ok(AccessToken { value: format!("{message}.{signature}"), id: claims.jti, expires_on })
    }

    /// Who a token speaks for. A token that was verified before costs one digest.
    ///
    /// # Errors
    /// [`TokenError`] unless it was made by this deployment and its time is now.
    pub fn verify(&self, token: &str) -> Result<Arc<Verified>, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed("too long"));
        }
        let mut key = [0; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let (verified, known) = match self.verified.get(&key) {
            Some(verified) => (verified, true),
            None => (Arc::new(self.read(token)?), false),
        };
        if let Err(error) = self.check_time(&verified) {
            self.verified.invalidate(&key);
            return Err(error);
        }
        if !known {
            self.verified.insert(key, verified.clone());
        }
        Ok(verified)
    }

    fn read(&self, token: &str) -> Result<Verified, TokenError> {
        let header = jsonwebtoken::decode_header(token)?;
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Malformed("another algorithm than RS256"));
        }
        if header.crit.is_some() {
            return Err(TokenError::Malformed("a critical header"));
        }
        let kid = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
        let key = self.keys.find(kid).ok_or(TokenError::UnknownKey)?;
        let claims =
            jsonwebtoken::decode::<Claims>(token, key.verifier(), &self.validation)?.claims;
        let user = claims::subject(&claims.sub).ok_or(TokenError::Malformed("no user"))?;
        let (roles, features) = (claims::read(&claims.roles), claims::read(&claims.features));
        let organizations = claims::organizations(&roles, &features);
        let caller = Caller { id: user, kind: CallerKind::User, roles, features, organizations };
        Ok(Verified {
            caller,
            version: claims.user_version,
            issued: claims.iat,
            id: claims.jti,
            expires: claims.exp,
            bytes: u32::try_from(token.len()).unwrap_or(u32::MAX),
        })
    }

    fn check_time(&self, token: &Verified) -> Result<(), TokenError> {
        let now = self.clock.now().get().unix_timestamp();
        let leeway = self.leeway.whole_seconds();
        let begun = token.issued <= now.saturating_add(leeway);
        if begun && token.expires > now.saturating_sub(leeway) {
            Ok(())
        } else {
            Err(TokenError::OutOfTime)
        }
    }
}

/// Access tokens that live as long as this deployment says.
pub struct TimedTokens {
    /// What makes them.
    pub tokens: Arc<Tokens>,
    /// How long each is good for.
    pub lifetime: Duration,
}

impl AccessTokens for TimedTokens {
    fn issue(&self, bearer: &Bearer<'_>) -> application::Result<AccessToken> {
        let Bearer { user, roles, features, version, authenticated_on } = *bearer;
        let new = NewToken {
            user,
            roles,
            features,
            version: Some(version),
            logged_in_at: authenticated_on,
            lifetime: self.lifetime,
        };
        self.tokens.mint(&new).map_err(application::Error::unexpected)
    }
}

#[cfg(test)]
mod tests;
