//! Signs a person in with a password.

use domain::{
    end_users::EndUser,
    identities::{Credential, Password, PasswordHash},
    kernel::{DomainError, EmailAddress, UserId},
};
use serde::Deserialize;
use serde_json::json;

use super::password;
use crate::{
    App, Call, Error, Loaded, Policy, Result, UseCase,
    identities::{
        ATTEMPTS, HOLDER, about_credential, check_access, email_claim, is_registered_person,
        is_told,
        tokens::{self, AuthenticateAnswer, AuthenticateTokens},
        unauthenticated,
    },
    input::{email, parse_all},
    ports::{Audited, Verdict},
    repository::Committed,
};

/// Signs a person in with a password
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateCredential {
    /// The e-mail address that the person registered with, in any letter case.
    #[schema(required)]
    pub username: Option<String>,
    /// 8 to 200 characters.
    #[schema(required)]
    pub password: Option<String>,
}

/// What one attempt came to.
enum Attempt {
    Passed(AuthenticateTokens),
    Refused(Error),
    Raced,
}

/// The outcome of comparing, which is slow, so that it is not done twice.
type Compared = Option<(PasswordHash, Verdict)>;

impl UseCase for AuthenticateCredential {
    const NAME: &'static str = "credentials.authenticate";
    const POLICY: Policy = Policy::anonymous();
    type Output = AuthenticateAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<AuthenticateAnswer> {
        let (email, password) = parse_all((
            email("username", self.username.as_deref()),
            password(self.password.as_deref()),
        ))?;
        app.at_its_pace(call, Box::pin(authenticate(app, call, &email, &password))).await
    }
}

async fn authenticate(
    app: &App,
    call: &Call,
    email: &EmailAddress,
    password: &Password,
) -> Result<AuthenticateAnswer> {
    let digest = app.email_digest(email);
    // Of many passwords for one account, each is compared only if those before did not lock it.
    let _turn = app.sign_in.turns.take(&digest).await?;
    let mut compared = None;
    for _ in 0..ATTEMPTS {
        match attempt(app, call, &digest, password, &mut compared).await? {
            Attempt::Passed(tokens) => return Ok(AuthenticateAnswer { tokens }),
            Attempt::Refused(error) => return Err(error),
            Attempt::Raced => {}
        }
    }
    Err(Error::conflict())
}

async fn attempt(
    app: &App,
    call: &Call,
    digest: &str,
    password: &Password,
    compared: &mut Compared,
) -> Result<Attempt> {
    let Some((mut credential, user)) = who(app, call, digest).await? else {
        return nobody(app, digest, password).await;
    };
    let id = UserId::parse(&user.id)?;
    check_access(app, call, &user, "Authentication.Password.Failed.AccountSuspended").await?;
    let now = app.clock.now();
    if let Err(locked) = credential.state.check_lock(now) {
        let until = credential.state.locked_until().unwrap_or(now);
        let code = "Authentication.Password.Failed.AccountLocked";
        let reason = format!("{code} {id} {until}");
        let count = app.sign_in.refusals.count(reason, until, now);
        if is_told(count) {
            let arguments = [id.as_str(), &count.to_string()];
            app.recorder.audit(call, audit(code, &id, &arguments)).await?;
        }
        return Err(locked.into());
    }
    let verdict = compare(app, credential.state.password(), password, compared).await?;
    let rules = &app.sign_in.lock_out;
    let mut events =
        credential.state.verify_password(verdict.is_right(), rules, app.clock.now())?;
    if verdict == Verdict::Outdated {
        let hash = app.passwords.hash(password).await?;
        events.extend(credential.state.rehash(hash, now));
    }
    let decision = about_credential(&credential.state, events);
    let mut parts = vec![app.credentials.stage(&mut credential, decision)?];
    let outcome = if !verdict.is_right() {
        let code = "Authentication.Password.Failed.InvalidCredentials";
        app.audit(call, &audit(code, &id, &[id.as_str()]))?;
        Attempt::Refused(unauthenticated())
    } else if let Err(unverified) = credential.state.check_verified() {
        let code = "Authentication.Password.Failed.BeforeVerified";
        app.audit(call, &audit(code, &id, &[id.as_str()]))?;
        Attempt::Refused(refusal(unverified))
    } else {
        record(app, call, &id, &credential.state, &user.state)?;
        let (tokens, part) =
            tokens::begin(app, &user, "credentials", credential.state.generation())?;
        parts.push(part);
        Attempt::Passed(tokens)
    };
    match app.commit(call, parts).await? {
        Committed::Done => Ok(outcome),
        Committed::Raced => Ok(Attempt::Raced),
    }
}

/// As slow as comparing with the password of somebody, and locked as if it were.
async fn nobody(app: &App, digest: &str, password: &Password) -> Result<Attempt> {
    let mut before = app.strangers.wrong_passwords(digest).await?;
    before.check_lock(app.clock.now())?;
    app.passwords.verify(password, None).await?;
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        before.check_lock(now)?;
        let after = before.and_another(&app.sign_in.lock_out, now);
        if app.strangers.note(digest, &before, &after).await? {
            return Ok(Attempt::Refused(unauthenticated()));
        }
        before = app.strangers.wrong_passwords(digest).await?;
    }
    Err(Error::conflict())
}

/// The credential that is claimed for an address, and whose it is; `None` if nobody can sign in
/// with it.
async fn who(
    app: &App,
    call: &Call,
    digest: &str,
) -> Result<Option<(Loaded<Credential>, Loaded<EndUser>)>> {
    let claim = email_claim(digest);
    let found = app.credentials.find_owner_with(call, &claim, HOLDER, &app.end_users).await?;
    let Some((credential, Some(user))) = found else { return Ok(None) };
    Ok(is_registered_person(&user.state).then_some((credential, user)))
}

async fn compare(
    app: &App,
    hash: &PasswordHash,
    password: &Password,
    compared: &mut Compared,
) -> Result<Verdict> {
    match compared {
        Some((same, verdict)) if same == hash => Ok(*verdict),
        _ => {
            let verdict = app.passwords.verify(password, Some(hash)).await?;
            *compared = Some((hash.clone(), verdict));
            Ok(verdict)
        }
    }
}

fn refusal(error: impl DomainError) -> Error {
    error.into()
}

fn audit<'a>(code: &'static str, user: &'a UserId, arguments: &'a [&'a str]) -> Audited<'a> {
    let template = match code {
        "Authentication.Password.Passed" => "User {0} signed in with a password",
        "Authentication.Password.Failed.AccountLocked" => {
            "User {0} is locked out, and somebody tried to sign in, time {1}"
        }
        _ => "User {0} was not let in with a password",
    };
    Audited { code, against: Some(user), template, arguments }
}

fn record(
    app: &App,
    call: &Call,
    id: &UserId,
    credential: &Credential,
    user: &EndUser,
) -> Result<()> {
    app.audit(call, &audit("Authentication.Password.Passed", id, &[id.as_str()]))?;
    let mut properties = vec![
        ("AuthProvider", json!("credentials")),
        ("UserIdOverride", json!(id)),
        ("Name", json!(user.name().full())),
        ("EmailAddress", json!(credential.email())),
    ];
    if let Some(membership) = user.default_membership() {
        properties.push(("DefaultOrganizationId", json!(membership.organization)));
    }
    app.usage(call, "User Login", &properties)
}
