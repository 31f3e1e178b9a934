//! The tokens of a sign-in: views, and how they begin.

use domain::{
    end_users::EndUser,
    identities::{Beginning, Issued, TokenFamily, TokenFamilyId},
    kernel::{Timestamp, UserId},
};
use serde::Serialize;

use super::about_family;
use crate::{
    App, Call, Loaded, Result, Staged,
    end_users::{MOST_IN_TOKEN, grants},
    ports::{Audited, Bearer, ClaimRef},
    wire_time::WireTime,
};

pub mod refresh;
pub mod revoke;

/// The tokens of somebody who has signed in. It has no `Debug`: they are secrets.
#[derive(Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateTokens {
    /// Proves who calls.
    pub access_token: AuthenticationToken,
    /// Is spent for new tokens.
    pub refresh_token: AuthenticationToken,
    /// Who signed in.
    pub user_id: String,
}

/// One of them.
#[derive(Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationToken {
    /// When it ends, UTC.
    pub expires_on: WireTime,
    /// `accessToken` or `refreshToken`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The token itself.
    pub value: String,
}

/// The answer of everything that hands out tokens.
#[derive(Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AuthenticateAnswer {
    /// The tokens.
    pub tokens: AuthenticateTokens,
}

/// New tokens for a user who signed in then.
fn issue(
    app: &App,
    user: &Loaded<EndUser>,
    authenticated_on: Timestamp,
) -> Result<(AuthenticateTokens, Issued)> {
    let (roles, features) = grants(&user.state, MOST_IN_TOKEN);
    let id = UserId::parse(&user.id)?;
    let version = user.version;
    let bearer =
        Bearer { user: &id, roles: &roles, features: &features, version, authenticated_on };
    let access = app.access_tokens.issue(&bearer)?;
    let refresh = app.secrets.token();
    let refresh_expires_on = whole_second(app.clock.now()).plus(app.sign_in.refresh_token);
    let issued = Issued {
        access_token_id: access.id,
        access_token_expires_on: access.expires_on,
        refresh_token: app.secrets.hash(&refresh),
        refresh_token_expires_on: refresh_expires_on,
    };
    let token = |kind: &str, value, expires_on| AuthenticationToken {
        expires_on: WireTime::from(expires_on),
        kind: kind.to_owned(),
        value,
    };
    let tokens = AuthenticateTokens {
        access_token: token("accessToken", access.value, access.expires_on),
        refresh_token: token("refreshToken", refresh, refresh_expires_on),
        user_id: id.to_string(),
    };
    Ok((tokens, issued))
}

/// Audits that a spent token came again, which ends its session: somebody else may have it.
fn audit_reuse(app: &App, call: &Call, user: &UserId) -> Result<()> {
    let audit = Audited {
        code: "Authentication.Any.Refreshed.Failed.TokenReused",
        against: Some(user),
        template: "A spent token of user {0} came again, and its session was ended",
        arguments: &[user.as_str()],
    };
    app.audit(call, &audit)
}

/// Begins a family of tokens with a sign-in that is happening now; it counts once it is committed.
pub(super) fn begin(
    app: &App,
    user: &Loaded<EndUser>,
    provider: &str,
    generation: u32,
) -> Result<(AuthenticateTokens, Staged)> {
    let authenticated_on = app.clock.now();
    let (tokens, issued) = issue(app, user, authenticated_on)?;
    let (user, provider) = (UserId::parse(&user.id)?, provider.to_owned());
    let beginning = Beginning { user, provider, generation, authenticated_on };
    let events = TokenFamily::begin(beginning, issued);
    let mut family = Loaded::<TokenFamily>::new(TokenFamilyId::new(app.ids.token()).as_str());
    let decision = about_family(&family.state, events);
    Ok((tokens, app.token_families.stage(&mut family, decision)?))
}

/// Without its fraction: what tokens can tell.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::new(at.get().truncate_to_second())
}

impl App {
    /// The family that a refresh token belongs to, spent or not.
    async fn family_of(
        &self,
        call: &Call,
        token: &domain::identities::TokenHash,
    ) -> Result<Option<Loaded<TokenFamily>>> {
        let claim = ClaimRef::platform(super::REFRESH_TOKEN, token.as_str());
        let Some(owner) = self.log.owner(&claim).await? else { return Ok(None) };
        self.token_families.find(call, &owner.id).await
    }

    /// How often the password of a user was reset.
    async fn generation_of(&self, call: &Call, user: &UserId) -> Result<u32> {
        let credential = self.credential_by_user(call, user).await?;
        Ok(credential.map_or(0, |credential| credential.state.generation()))
    }
}
