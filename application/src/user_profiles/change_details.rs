//! Changes names, phone, time zone and locale of a profile.

use domain::{
    kernel::{
        Evolve, UserId, locale::is_locale, person_name::is_name, phone::is_phone_number,
        roles::Role, time_zone::is_time_zone,
    },
    user_profiles::{Details, UserProfile, UserProfileError},
};
use serde::Deserialize;

use super::{UserProfileAnswer, record};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{Field, id, parse_all, text},
};

/// Changes the caller's own profile; what is missing or empty stays as it is
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeProfile {
    /// The user that it is the profile of.
    #[schema(required)]
    pub user_id: Option<String>,
    /// 1 to 100 characters of a name.
    pub first_name: Option<String>,
    /// 1 to 100 characters of a name.
    pub last_name: Option<String>,
    /// 1 to 100 characters of a name.
    pub display_name: Option<String>,
    /// A valid number that begins with `+`.
    pub phone_number: Option<String>,
    /// A name of the IANA database.
    pub timezone: Option<String>,
    /// In the form of BCP 47.
    pub locale: Option<String>,
}

impl UseCase for ChangeProfile {
    const NAME: &'static str = "user_profiles.change";
    const POLICY: Policy = Policy::token().role(Role::PlatformStandard);
    type Output = UserProfileAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<UserProfileAnswer> {
        let (user, first_name, last_name, display_name, phone, timezone, locale) = parse_all((
            id("userId", self.user_id.as_deref(), UserId::parse),
            filled("firstName", self.first_name, is_name),
            filled("lastName", self.last_name, is_name),
            filled("displayName", self.display_name, is_name),
            filled("phoneNumber", self.phone_number, is_phone_number),
            filled("timezone", self.timezone, is_time_zone),
            filled("locale", self.locale, is_locale),
        ))?;
        let by = &call.caller.id;
        if user != *by {
            return Err(UserProfileError::NotOwner.into());
        }
        let details = Details { first_name, last_name, display_name, phone, timezone, locale };
        let id = user.twin("profile");
        let mut after = app.user_profiles.load(call, &id).await?;
        for event in after.state.change_details(by, details.clone())? {
            after.state.evolve(&event);
        }
        record(app, call, &after)?;
        let change = |it: &UserProfile| it.change_details(by, details.clone());
        let profile = app.user_profiles.change(call, &id, change).await?;
        Ok(UserProfileAnswer::from(&profile))
    }
}

/// A text that is checked if there is one.
fn filled(name: &str, value: Option<String>, fits: fn(&str) -> bool) -> Field<Option<String>> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    text(name, Some(&value), fits)?;
    Ok(Some(value))
}
