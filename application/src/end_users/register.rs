//! Registers a person: for whoever proves that it is one.

use domain::{
    end_users::{EndUser, EndUserError, RegisteredProfile, Registration},
    kernel::{EmailAddress, PersonName, UserId, country, locale, time_zone},
};
use serde_json::json;

use super::email_claim;
use crate::{App, Call, Decision, Loaded, Result, Staged, ports::Audited};

/// Who wants to register. Zone, locale and country may be anything: what is unknown becomes the
/// usual.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// The user name.
    pub email: EmailAddress,
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

/// Registers a person, unless the address is that of somebody who is registered. Nothing is written
/// before the caller commits what is staged, with whatever else belongs to it; if it is raced, this
/// is to be called again.
///
/// # Errors
/// A rule violation, if the terms are not accepted; unavailable.
pub async fn register_person(
    app: &App,
    call: &Call,
    person: NewPerson,
) -> Result<PersonRegistration> {
    if !person.terms_accepted {
        return Err(EndUserError::TermsNotAccepted.into());
    }
    if let Some(user) = app.user_of(call, &person.email).await? {
        return Ok(PersonRegistration { user, staged: None });
    }
    let id = UserId::new(app.ids.token());
    record(app, call, &id, &person)?;
    let mut user = Loaded::<EndUser>::new(id.as_str());
    let email_digest = app.email_digest(&person.email);
    let take = vec![email_claim(&email_digest)];
    let events = user.state.register_person(Registration {
        operator: app.operators.contains(&person.email),
        email_digest,
        profile: profile(&person),
        email: person.email,
        host_region: app.region.to_string(),
    })?;
    let staged = app.end_users.stage(&mut user, Decision { events, take, release: vec![] })?;
    Ok(PersonRegistration { user, staged: Some(staged) })
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
