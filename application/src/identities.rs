//! Identities: signing in with a password, and the tokens of a sign-in.

use std::time::Duration;

use domain::{
    end_users::{Access, Classification, EndUser, UserStatus},
    identities::{Credential, CredentialEvent, LockOut, TokenEvent, TokenFamily, TokenHash},
    kernel::{ErrorKind, Evolve, UserId},
};

use crate::{
    App, Call, Decision, Error, Loaded, Result,
    input::Field,
    ports::{Audited, ClaimRef},
    repository::ATTEMPTS,
};

pub mod api_keys;
pub mod credentials;
pub mod machines;
pub mod me;
mod pace;
pub mod reactions;
mod tally;
pub mod tokens;
mod turns;

pub use tally::{Tally, is_told};
pub use turns::Turns;

/// How people sign in.
#[derive(Debug)]
pub struct SignIn {
    /// When an account is locked, and for how long.
    pub lock_out: LockOut,
    /// What asks for a password or an address is answered no sooner than after a time between the
    /// first and the second.
    pub delay: (Duration, Duration),
    /// How long a refresh token is good for.
    pub refresh_token: time::Duration,
    /// How long a spent refresh token can be spent again by whoever lost the answer.
    pub grace: time::Duration,
    /// One password of an account is compared at a time.
    pub turns: Turns,
    /// How often somebody was refused who was locked out or suspended.
    pub refusals: Tally,
    /// How many e-mails went to a mailbox because somebody said that it is theirs.
    pub mails: Tally,
}

impl Default for SignIn {
    /// Five wrong passwords lock for ten minutes, nothing waits, and refresh tokens are good for
    /// two weeks.
    fn default() -> Self {
        Self {
            lock_out: LockOut { max_failed: 5, cool_down: time::Duration::minutes(10) },
            delay: (Duration::ZERO, Duration::ZERO),
            refresh_token: time::Duration::days(14),
            grace: time::Duration::seconds(10),
            turns: Turns::default(),
            refusals: Tally::default(),
            mails: Tally::default(),
        }
    }
}

/// So many e-mails go to a mailbox in an hour from one host, when all that is known of who asks is
/// that it knows the address. The last of them is as good as any that would follow.
const MAILS: u64 = 10;

/// Whether another e-mail may go to a mailbox in whose name anybody can ask.
fn may_mail(app: &App, email_digest: &str) -> bool {
    let now = app.clock.now();
    let hour = now.plus(time::Duration::HOUR);
    app.sign_in.mails.count(email_digest.to_owned(), hour, now) <= MAILS
}

/// Nobody is told why.
fn unauthenticated() -> Error {
    Error::refused(ErrorKind::Unauthenticated, "unauthenticated", "unexplained")
}

fn suspended() -> Error {
    Error::refused(ErrorKind::Locked, "account_suspended", "the account is suspended")
}

/// Whether somebody is a person who has registered.
fn is_registered_person(user: &EndUser) -> bool {
    user.status() == UserStatus::Registered && user.classification() == Classification::Person
}

/// Refuses whoever is suspended, which is audited with this code when it is the first, second, fourth
/// time within a day, and so on.
async fn check_access(
    app: &App,
    call: &Call,
    user: &Loaded<EndUser>,
    code: &'static str,
) -> Result<()> {
    if user.state.access() == Access::Enabled {
        return Ok(());
    }
    let id = UserId::parse(&user.id)?;
    let (reason, now) = (format!("{code} {id}"), app.clock.now());
    let count = app.sign_in.refusals.count(reason, now.plus(time::Duration::DAY), now);
    if is_told(count) {
        let audit = Audited {
            code,
            against: Some(&id),
            template: "User {0} is suspended and was refused, time {1}",
            arguments: &[id.as_str(), &count.to_string()],
        };
        app.recorder.audit(call, audit).await?;
    }
    Err(suspended())
}

/// What a credential holds for itself.
fn held_by_credential(credential: &Credential) -> Vec<ClaimRef> {
    let token = |kind, hash: &TokenHash| ClaimRef::platform(kind, hash.as_str());
    let email = credential.email_digest();
    let mut held = vec![];
    held.extend((!email.is_empty()).then(|| email_claim(email)));
    held.extend(credential.verification_hash().map(|hash| token(REGISTRATION_TOKEN, hash)));
    held.extend(credential.reset_hash().map(|hash| token(RESET_TOKEN, hash)));
    held
}

/// What signs somebody in.
fn email_claim(digest: &str) -> ClaimRef {
    ClaimRef::platform("credential_email", digest)
}

/// The member of the first event of a credential or a key that names its user.
const HOLDER: &str = "userId";
const REGISTRATION_TOKEN: &str = "registration_token";
const RESET_TOKEN: &str = "reset_token";
/// What is claimed for refresh tokens; released a while after the last event of their family.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// A decision about a credential, with the claims that follow from it.
fn about_credential(
    credential: &Credential,
    events: Vec<CredentialEvent>,
) -> Decision<CredentialEvent> {
    with_claims(credential, events, held_by_credential)
}

/// A decision about a family of tokens, likewise.
fn about_family(family: &TokenFamily, events: Vec<TokenEvent>) -> Decision<TokenEvent> {
    with_claims(family, events, |family| {
        family.remembered().map(|hash| ClaimRef::platform(REFRESH_TOKEN, hash.as_str())).collect()
    })
}

/// Takes what is held after the events and was not before, and gives back what was.
pub(crate) fn with_claims<D: Evolve>(
    state: &D,
    events: Vec<D::Event>,
    held: impl Fn(&D) -> Vec<ClaimRef>,
) -> Decision<D::Event> {
    let mut after = state.clone();
    for event in &events {
        after.evolve(event);
    }
    let (before, after) = (held(state), held(&after));
    let missing = |from: &[ClaimRef], all: &[ClaimRef]| {
        all.iter().filter(|claim| !from.contains(claim)).cloned().collect()
    };
    let (take, release) = (missing(&before, &after), missing(&after, &before));
    Decision { events, take, release }
}

/// A token that was mailed or handed out: its form is judged, and nobody is shown it.
///
/// # Errors
/// As [`crate::input::text`].
pub(crate) fn random_token<'a>(name: &str, text: Option<&'a str>) -> Field<&'a str> {
    let fits = domain::kernel::random_token::is_random_token;
    crate::input::secret(crate::input::text(name, text, fits))
}

impl App {
    /// The credential that somebody with this address signs in with.
    async fn credential_of(&self, call: &Call, digest: &str) -> Result<Option<Loaded<Credential>>> {
        self.claimed_credential(call, &email_claim(digest)).await
    }

    /// The credential that waits for a mailed token.
    async fn credential_awaiting(
        &self,
        call: &Call,
        kind: &'static str,
        token: &TokenHash,
    ) -> Result<Option<Loaded<Credential>>> {
        self.claimed_credential(call, &ClaimRef::platform(kind, token.as_str())).await
    }

    async fn claimed_credential(
        &self,
        call: &Call,
        claim: &ClaimRef,
    ) -> Result<Option<Loaded<Credential>>> {
        let Some(owner) = self.log.owner(claim).await? else { return Ok(None) };
        self.credentials.find(call, &owner.id).await
    }

    /// The password credential of a user.
    async fn credential_by_user(
        &self,
        call: &Call,
        user: &UserId,
    ) -> Result<Option<Loaded<Credential>>> {
        self.credentials.find(call, &user.twin("cred")).await
    }
}
