//! User profiles.

mod reads;
mod tables;

use application::{
    end_users::classification_name, ports::Recorded, user_profiles::USER_PROFILES as NAME,
};
use domain::{
    end_users::EndUserEvent,
    kernel::{country, locale, time_zone},
    user_profiles::UserProfileEvent,
};
use store::projections::{Changes, ProjectError, Projection};

pub use reads::UserProfileTables;
use tables::{ERASED, USER_PROFILES as TABLE};

/// The read model of user profiles.
pub const USER_PROFILES: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE, &ERASED],
    handles: &[
        ("user_profile", "created"),
        ("user_profile", "email_address_changed"),
        ("user_profile", "contact_address_changed"),
        ("user_profile", "timezone_changed"),
        ("user_profile", "locale_changed"),
        ("user_profile", "name_changed"),
        ("user_profile", "display_name_changed"),
        ("user_profile", "phone_number_changed"),
        ("user_profile", "default_organization_changed"),
        ("end_user", "erased"),
    ],
    project,
};

fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    if recorded.stream.kind == "end_user" {
        return follow_user(recorded, changes);
    }
    let id = recorded.stream.id.as_str();
    let version = ("version", recorded.sequence.into());
    match recorded.decode::<UserProfileEvent>()? {
        UserProfileEvent::Created { user_id, r#type, first_name, last_name, display_name } => {
            changes.upsert(
                &TABLE,
                id,
                [
                    ("user_id", user_id.as_str().into()),
                    ("classification", classification_name(r#type).into()),
                    ("first_name", first_name.into()),
                    ("last_name", last_name.into()),
                    ("display_name", display_name.into()),
                    ("timezone", time_zone::DEFAULT.into()),
                    ("locale", locale::DEFAULT.into()),
                    ("country_code", country::DEFAULT.into()),
                    version,
                ],
            )
        }
        UserProfileEvent::EmailAddressChanged { user_id: _, email_address } => {
            let email = Some(email_address.to_string()).filter(|email| !email.is_empty());
            changes.set(&TABLE, id, [("email_address", email.into()), version])
        }
        UserProfileEvent::ContactAddressChanged {
            user_id: _,
            country_code,
            line1,
            line2,
            line3,
            city,
            state,
            zip,
        } => changes.set(
            &TABLE,
            id,
            [
                ("country_code", country_code.into()),
                ("line1", line1.into()),
                ("line2", line2.into()),
                ("line3", line3.into()),
                ("city", city.into()),
                ("state", state.into()),
                ("zip", zip.into()),
                version,
            ],
        ),
        UserProfileEvent::TimezoneChanged { user_id: _, timezone } => {
            changes.set(&TABLE, id, [("timezone", timezone.into()), version])
        }
        UserProfileEvent::LocaleChanged { user_id: _, locale } => {
            changes.set(&TABLE, id, [("locale", locale.into()), version])
        }
        UserProfileEvent::NameChanged { user_id: _, first_name, last_name } => changes.set(
            &TABLE,
            id,
            [("first_name", first_name.into()), ("last_name", last_name.into()), version],
        ),
        UserProfileEvent::DisplayNameChanged { user_id: _, display_name } => {
            changes.set(&TABLE, id, [("display_name", display_name.into()), version])
        }
        UserProfileEvent::PhoneNumberChanged { user_id: _, number } => {
            let number = Some(number).filter(|number| !number.is_empty());
            changes.set(&TABLE, id, [("phone_number", number.into()), version])
        }
        UserProfileEvent::DefaultOrganizationChanged {
            from_organization_id: _,
            to_organization_id,
        } => {
            let to = to_organization_id.as_str();
            changes.set(&TABLE, id, [("default_organization_id", to.into()), version])
        }
    }
}

/// An erased user leaves a profile in which nothing says who it was.
fn follow_user(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    match recorded.decode::<EndUserEvent>()? {
        EndUserEvent::Erased { .. } => {
            let user = recorded.stream.id.as_str();
            let random = user.split_once('_').map_or(user, |(_, random)| random);
            let id = format!("profile_{random}");
            changes.upsert(&ERASED, id.as_str(), [("position", recorded.position.into())])?;
            let nothing = || None::<String>.into();
            changes.set(
                &TABLE,
                id,
                [
                    ("first_name", "".into()),
                    ("last_name", nothing()),
                    ("display_name", "".into()),
                    ("email_address", nothing()),
                    ("phone_number", nothing()),
                    ("timezone", time_zone::DEFAULT.into()),
                    ("locale", locale::DEFAULT.into()),
                    ("country_code", country::DEFAULT.into()),
                    ("line1", nothing()),
                    ("line2", nothing()),
                    ("line3", nothing()),
                    ("city", nothing()),
                    ("state", nothing()),
                    ("zip", nothing()),
                ],
            )
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_a_user_profile_is_handled() {
        let known = UserProfileEvent::CATALOG.iter().map(|e| (e.aggregate, e.name));
        let known: Vec<_> = known.chain([("end_user", "erased")]).collect();
        assert_eq!(USER_PROFILES.handles, known);
    }
}
