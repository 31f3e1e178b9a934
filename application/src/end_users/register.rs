//! Registers a person: for whoever proves that it is one.

use domain::{
    end_users::{EndUser, EndUserError, RegisteredProfile, Registration},
    identities::TokenHash,
    kernel::{EmailAddress, ErrorKind, Evolve, PersonName, UserId, country, locale, time_zone},
};
use serde_json::json;

use super::guests::about_user;
use crate::{App, Call, Error, Loaded, Result, Staged, caller::CallerKind, ports::Audited};

/// Who wants to register. Zone, locale and country may be anything: what is unknown becomes the
/// usual.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// The user name.
    pub email: EmailAddress,
    /// What is kept of the token of an invitation; an unknown one is as good as none.
    pub invitation: Option<TokenHash>,
    /// First and last name.
    pub name: PersonName,
    /// A name of the IANA database.
    pub timezone: Option<String>,
    /// In the form of BCP 47.
    pub locale: Option<String>,
    /// As in ISO 3166-1, in any form.
    pub country_code: Option<String>,
    /// Whether the terms were accepted.
    pub terms_accepted: bool,
}

/// What became of it.
#[derive(Debug)]
pub struct PersonRegistration {
    /// The user, as it is once this is committed.
    pub user: Loaded<EndUser>,
    /// What has to be committed; `None` if the person was registered already.
    pub staged: Option<Staged>,
}

/// Registers a person, unless the address is that of somebody who is registered. Who was invited, at
/// this address or with a token at another, becomes what the guest was. Nothing is written
/// before the caller commits what is staged, with whatever else belongs to it; if it is raced, this
/// is to be called again.
///
/// # Errors
/// A rule violation, if the terms are not accepted; with the token of a guest: exists, if somebody
/// else has the address, forbidden to whoever is somebody already, a precondition if it has expired;
/// unavailable.
pub async fn register_person(
    app: &App,
    call: &Call,
    person: NewPerson,
) -> Result<PersonRegistration> {
    if !person.terms_accepted {
        return Err(EndUserError::TermsNotAccepted.into());
    }
    let registered = app.user_of(call, &person.email).await?;
    let mut user = match (invited(app, call, &person, registered.is_some()).await?, registered) {
        (Some(guest), _) => guest,
        (None, Some(user)) => return Ok(PersonRegistration { user, staged: None }),
        (None, None) => {
            let guest = app.guest_of(call, &person.email).await?;
            guest.unwrap_or_else(|| app.new_guest())
        }
    };
    record(app, call, &UserId::parse(&user.id)?, &person)?;
    let mut events = user.state.accept_invitation(&person.email, app.clock.now());
    events.extend(user.state.register_person(registration(app, &person))?);
    let decision = about_user(&user.state, events);
    let staged = app.end_users.stage(&mut user, decision)?;
    Ok(PersonRegistration { user, staged: Some(staged) })
}

/// The user with this id as it would be if this person had registered just now, whatever became of it
/// since: for whoever must not learn whether there was one.
///
/// # Errors
/// Never: nobody is registered yet.
pub fn just_registered(app: &App, id: &UserId, person: &NewPerson) -> Result<Loaded<EndUser>> {
    let mut user = Loaded::<EndUser>::new(id.to_string());
    for event in user.state.register_person(registration(app, person))? {
        user.state.evolve(&event);
    }
    Ok(user)
}

/// The guest whose token it is.
async fn invited(
    app: &App,
    call: &Call,
    person: &NewPerson,
    is_taken: bool,
) -> Result<Option<Loaded<EndUser>>> {
    let Some(token) = &person.invitation else { return Ok(None) };
    let Some(guest) = app.guest_with(call, token).await? else { return Ok(None) };
    if is_taken {
        let message = "somebody is registered with the e-mail address already";
        return Err(Error::refused(ErrorKind::Exists, "email_taken", message));
    }
    if call.caller.kind != CallerKind::Anonymous {
        let message = "who is signed in can't accept an invitation";
        return Err(Error::refused(ErrorKind::Forbidden, "invitation_not_anonymous", message));
    }
    guest.state.invitation_of(token, app.clock.now())?;
    Ok(Some(guest))
}

fn registration(app: &App, person: &NewPerson) -> Registration {
    Registration {
        operator: app.operators.contains(&person.email),
        email_digest: app.email_digest(&person.email),
        profile: profile(person),
        email: person.email.clone(),
        host_region: app.region.to_string(),
    }
}

fn profile(person: &NewPerson) -> RegisteredProfile {
    RegisteredProfile {
        first_name: person.name.first().to_owned(),
        last_name: person.name.last().map(str::to_owned),
        timezone: time_zone::known_or_default(person.timezone.as_deref()).to_owned(),
        locale: locale::known_or_default(person.locale.as_deref()).to_owned(),
        country_code: country::known_or_default(person.country_code.as_deref()),
    }
}

fn record(app: &App, call: &Call, id: &UserId, person: &NewPerson) -> Result<()> {
    app.audit(
        call,
        &Audited {
            code: "EndUser.Registered.TermsAccepted",
            against: Some(id),
            template: "User {0} accepted the terms at {1}",
            arguments: &[id.as_str(), &app.clock.now().to_string()],
        },
    )?;
    app.usage(
        call,
        "User Registration Created",
        &[
            ("ResourceId", json!(id)),
            ("Name", json!(person.name.full())),
            ("EmailAddress", json!(person.email)),
            ("UserIdOverride", json!(id)),
        ],
    )
}
