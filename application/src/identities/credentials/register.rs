//! Registers a person with a password.

use domain::{
    identities::{Credential, NewCredential, Password, PasswordHash},
    kernel::{
        EmailAddress, ErrorKind, PersonName, UserId, country, locale::is_locale,
        text::is_descriptive_name, time_zone::is_time_zone,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{PersonCredentialView, check_strength, password};
use crate::{
    App, Call, Error, Loaded, Policy, Result, UseCase,
    emails::Mail,
    end_users::{
        EndUserView,
        register::{NewPerson, PersonRegistration, just_registered, register_person},
    },
    identities::{ATTEMPTS, about_credential, may_mail, random_token},
    input::{Field, check, email, parse_all, text},
    repository::Committed,
};

/// Registers a person with a password, who confirms it with what is mailed
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterPersonCredential {
    /// What the person signs in with. Who has it is not told.
    #[schema(required)]
    pub email_address: Option<String>,
    /// 1 to 50 characters.
    #[schema(required)]
    pub first_name: Option<String>,
    /// 1 to 50 characters.
    #[schema(required)]
    pub last_name: Option<String>,
    /// 8 to 200 characters, of three kinds: digits, lower case, upper case, punctuation.
    #[schema(required)]
    pub password: Option<String>,
    /// Nobody registers without.
    #[schema(required)]
    pub terms_and_conditions_accepted: Option<bool>,
    /// From an invitation; an unknown one is as good as none.
    pub invitation_token: Option<String>,
    /// A name of the IANA database.
    pub timezone: Option<String>,
    /// As BCP 47 has it.
    pub locale: Option<String>,
    /// As ISO 3166-1 has it.
    pub country_code: Option<String>,
}

/// The answer of a registration.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RegisterPersonAnswer {
    /// The credential, new or not.
    pub person: PersonCredentialView,
}

/// What is asked for, valid.
struct Wanted {
    person: NewPerson,
    password: Password,
}

impl UseCase for RegisterPersonCredential {
    const NAME: &'static str = "credentials.register";
    const POLICY: Policy = Policy::anonymous();
    type Output = RegisterPersonAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<RegisterPersonAnswer> {
        let wanted = self.wanted(app)?;
        let name = &wanted.person.name;
        let about = [wanted.person.email.as_str(), name.first(), name.last().unwrap_or_default()];
        check_strength(app, &wanted.password, &about)?;
        app.at_its_pace(call, Box::pin(register(app, call, wanted))).await
    }
}

impl RegisterPersonCredential {
    fn wanted(self, app: &App) -> Result<Wanted> {
        let (email, first, last, password, (), invitation, (), (), ()) = parse_all((
            email("emailAddress", self.email_address.as_deref()),
            name("firstName", self.first_name.as_deref()),
            name("lastName", self.last_name.as_deref()),
            password(self.password.as_deref()),
            terms(self.terms_and_conditions_accepted),
            self.invitation_token
                .as_deref()
                .map(|token| random_token("invitationToken", Some(token)))
                .transpose(),
            known("timezone", self.timezone.as_deref(), is_time_zone),
            known("locale", self.locale.as_deref(), is_locale),
            known("countryCode", self.country_code.as_deref(), |code| {
                country::alpha3(code).is_some()
            }),
        ))?;
        let name = PersonName::new(first, Some(last))?;
        let person = NewPerson {
            email,
            invitation: invitation.map(|token| app.secrets.hash(token)),
            name,
            timezone: self.timezone,
            locale: self.locale,
            country_code: self.country_code,
            terms_accepted: true,
        };
        Ok(Wanted { person, password })
    }
}

fn name<'a>(member: &str, value: Option<&'a str>) -> Field<&'a str> {
    text(member, value, |value| is_descriptive_name(value, 1, 50))
}

fn terms(accepted: Option<bool>) -> Field<()> {
    let reason = "The terms and conditions must be accepted";
    check("PredicateValidator", accepted == Some(true), reason, json!(accepted))
}

/// A code that may be left out.
fn known(member: &str, value: Option<&str>, is_known: impl Fn(&str) -> bool) -> Field<()> {
    let Some(value) = value else { return Ok(()) };
    let reason = format!("The {member} is not known");
    check("ValidatorValidator", is_known(value), &reason, Value::from(value))
}

async fn register(app: &App, call: &Call, wanted: Wanted) -> Result<RegisterPersonAnswer> {
    // Also for somebody who is registered already, so that it takes as long.
    let hash = app.passwords.hash(&wanted.password).await?;
    let may_mail = may_mail(app, &app.email_digest(&wanted.person.email));
    for _ in 0..ATTEMPTS {
        if let Some(person) = attempt(app, call, &wanted.person, &hash, may_mail).await? {
            return Ok(RegisterPersonAnswer { person });
        }
    }
    Err(Error::conflict())
}

/// `None` if somebody else was faster.
async fn attempt(
    app: &App,
    call: &Call,
    person: &NewPerson,
    hash: &PasswordHash,
    may_mail: bool,
) -> Result<Option<PersonCredentialView>> {
    let PersonRegistration { user, staged } = register_person(app, call, person.clone()).await?;
    let id = UserId::parse(&user.id)?;
    let digest = app.email_digest(&person.email);
    if let Some(other) = app.credential_of(call, &digest).await?
        && other.state.user() != Some(&id)
    {
        if staged.is_some() && app.user_of(call, &person.email).await?.is_some() {
            // Whoever was faster registered this very person.
            call.withdraw();
            return Ok(None);
        }
        return Err(not_unique());
    }
    if let Some(credential) = app.credential_by_user(call, &id).await? {
        if may_mail {
            again(app, call, &person.email, &credential)?;
        }
        return answer(app, &id, person).map(Some);
    }
    let token = app.secrets.one_time_token();
    let mut credential = Loaded::<Credential>::new(id.twin("cred"));
    let first_name = person.name.first().to_owned();
    app.mail(
        call,
        Mail::ConfirmRegistration {
            to: person.email.clone(),
            name: first_name.clone(),
            token: token.token.expose().to_owned(),
        },
    )?;
    let new = NewCredential {
        user: id.clone(),
        email: person.email.clone(),
        email_digest: digest,
        name: first_name,
        password: hash.clone(),
        verification: token,
    };
    let events = Credential::register(new, app.clock.now());
    let decision = about_credential(&credential.state, events);
    let part = app.credentials.stage(&mut credential, decision)?;
    match app.commit(call, staged.into_iter().chain([part]).collect()).await {
        Ok(Committed::Done) => answer(app, &id, person).map(Some),
        Ok(Committed::Raced) => Ok(None),
        // The same request came before, and its answer was lost.
        Err(error) if error.kind() == Some(ErrorKind::KeyReused) => {
            call.withdraw();
            let first = app.user_of(call, &person.email).await?.ok_or(error)?;
            answer(app, &UserId::parse(&first.id)?, person).map(Some)
        }
        Err(error) => Err(error),
    }
}

/// Somebody tries to register a person who is registered.
fn again(
    app: &App,
    call: &Call,
    email: &EmailAddress,
    credential: &Loaded<Credential>,
) -> Result<()> {
    let name = credential.state.name().to_owned();
    app.mail(call, Mail::RegistrationReattempt { to: email.clone(), name })?;
    app.usage(
        call,
        "User Registration ReAttempted",
        &[("ResourceId", json!(credential.state.user())), ("EmailAddress", json!(email))],
    )
}

/// What whoever registers is answered, for the first time or again: who could do more or less since,
/// or has a second factor, would be known to be there.
fn answer(app: &App, id: &UserId, person: &NewPerson) -> Result<PersonCredentialView> {
    Ok(PersonCredentialView {
        id: id.twin("cred"),
        is_mfa_enabled: false,
        user: EndUserView::from(&just_registered(app, id, person)?),
    })
}

fn not_unique() -> Error {
    let message = "the e-mail address is used by another credential";
    Error::refused(ErrorKind::Rule, "email_not_unique", message)
}
