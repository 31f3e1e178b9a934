//! What user profiles do when something happens to end users.

use std::convert::Infallible;

use domain::{
    end_users::{Classification, EndUserEvent, RegisteredProfile},
    kernel::{EmailAddress, Evolve, PersonName, UserId, country, locale, time_zone},
    user_profiles::{NewProfile, UserProfile},
};

use super::record;
use crate::{
    App, Call, Committed, Error, Loaded, Result,
    ports::Recorded,
    reaction::{Reaction, Start},
    repository::ATTEMPTS,
};

/// See the module.
pub const REACTION: Reaction = Reaction {
    name: "user_profiles",
    area: "UserProfiles",
    handles: &[("end_user", "registered"), ("end_user", "default_membership_changed")],
    start: Start::Origin,
    react: |app, call, event| Box::pin(react(app, call, event)),
};

async fn react(app: &App, call: &Call, event: &Recorded) -> Result<()> {
    let user = UserId::parse(&event.stream.id)?;
    match event.decode::<EndUserEvent>().map_err(Error::unexpected)? {
        EndUserEvent::Registered { classification, username, user_profile, .. } => {
            create(app, call, user, classification, username, user_profile).await
        }
        EndUserEvent::DefaultMembershipChanged { .. } => follow(app, call, &user).await,
        _ => Ok(()),
    }
}

async fn create(
    app: &App,
    call: &Call,
    user: UserId,
    classification: Classification,
    email: Option<EmailAddress>,
    told: RegisteredProfile,
) -> Result<()> {
    let id = user.twin("profile");
    for _ in 0..ATTEMPTS {
        if app.user_profiles.find(call, &id).await?.is_some() {
            return Ok(());
        }
        let mut known = app.end_users.load(call, user.as_str()).await?;
        // What was told of somebody who was erased meanwhile is not written again.
        let (name, email) = if known.state.is_erased() {
            (PersonName::stored(String::new(), None), Some(EmailAddress::default()))
        } else {
            let name = PersonName::stored(told.first_name.clone(), told.last_name.clone());
            (name, email.clone())
        };
        // Whoever was invited has a default organization before it has a profile.
        let default = known.state.default_membership().map(|known| known.organization.clone());
        let has_default = default.is_some();
        let events = UserProfile::create(NewProfile {
            user: user.clone(),
            classification,
            name,
            email,
            timezone: time_zone::known_or_default(Some(&told.timezone)).to_owned(),
            locale: locale::known_or_default(Some(&told.locale)).to_owned(),
            country_code: country::known_or_default(Some(&told.country_code)),
            default_organization: default,
        })?;
        let mut after = Loaded::<UserProfile>::new(id.clone());
        for event in &events {
            after.state.evolve(event);
        }
        if has_default {
            record(app, call, &after)?;
        }
        let profile = app.user_profiles.stage(&mut Loaded::new(id.clone()), events)?;
        // The user is not written, but must still be who it was.
        let parts = vec![profile, app.end_users.stage(&mut known, vec![])?];
        if let Committed::Done = app.commit(call, parts).await? {
            return Ok(());
        }
    }
    Err(Error::conflict())
}

/// Sets what is the default now, whichever change of it this is.
async fn follow(app: &App, call: &Call, user: &UserId) -> Result<()> {
    let id = user.twin("profile");
    let Some(mut after) = app.user_profiles.find(call, &id).await? else { return Ok(()) };
    let known = app.end_users.load(call, user.as_str()).await?;
    let Some(default) = known.state.default_membership() else { return Ok(()) };
    let events = after.state.change_default_organization(&default.organization);
    if events.is_empty() {
        return Ok(());
    }
    for event in &events {
        after.state.evolve(event);
    }
    record(app, call, &after)?;
    let change = |it: &UserProfile| {
        Ok::<_, Infallible>(it.change_default_organization(&default.organization))
    };
    app.user_profiles.change(call, &id, change).await?;
    Ok(())
}
