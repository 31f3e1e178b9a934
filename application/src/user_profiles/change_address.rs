//! Changes the address of a profile.

use domain::{
    kernel::{Evolve, UserId, country, person_name::is_name, roles::Role},
    user_profiles::{Address, UserProfile, UserProfileError},
};
use serde::Deserialize;

use super::{UserProfileAnswer, record};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{Field, id, parse_all, text},
};

/// Changes the caller's own address; what is missing stays as it is, what is empty is cleared
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeProfileContactAddress {
    /// The user that it is the profile of.
    #[schema(required)]
    pub user_id: Option<String>,
    /// 1 to 100 characters of a name.
    pub line1: Option<String>,
    /// 1 to 100 characters of a name.
    pub line2: Option<String>,
    /// 1 to 100 characters of a name.
    pub line3: Option<String>,
    /// 1 to 100 characters of a name.
    pub city: Option<String>,
    /// 1 to 100 characters of a name.
    pub state: Option<String>,
    /// As in ISO 3166-1: three letters, two letters or three digits; stays if empty.
    pub country_code: Option<String>,
    /// 1 to 100 characters of a name.
    pub zip: Option<String>,
}

impl UseCase for ChangeProfileContactAddress {
    const NAME: &'static str = "user_profiles.change_contact_address";
    const POLICY: Policy = Policy::token().role(Role::PlatformStandard);
    type Output = UserProfileAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<UserProfileAnswer> {
        let (user, line1, line2, line3, city, state, zip, country_code) = parse_all((
            id("userId", self.user_id.as_deref(), UserId::parse),
            line("line1", self.line1),
            line("line2", self.line2),
            line("line3", self.line3),
            line("city", self.city),
            line("state", self.state),
            line("zip", self.zip),
            country(self.country_code.as_deref()),
        ))?;
        let by = &call.caller.id;
        if user != *by {
            return Err(UserProfileError::NotOwner.into());
        }
        let merged = |old: &Address| Address {
            line1: line1.over(old.line1.as_ref()),
            line2: line2.over(old.line2.as_ref()),
            line3: line3.over(old.line3.as_ref()),
            city: city.over(old.city.as_ref()),
            state: state.over(old.state.as_ref()),
            country_code: country_code.clone().unwrap_or_else(|| old.country_code.clone()),
            zip: zip.over(old.zip.as_ref()),
        };
        let change = |it: &UserProfile| it.change_address(by, merged(it.address()));
        let id = user.twin("profile");
        let mut after = app.user_profiles.load(call, &id).await?;
        for event in change(&after.state)? {
            after.state.evolve(&event);
        }
        record(app, call, &after)?;
        let profile = app.user_profiles.change(call, &id, change).await?;
        Ok(UserProfileAnswer::from(&profile))
    }
}

/// What becomes of a line.
enum Line {
    Kept,
    Cleared,
    Written(String),
}

impl Line {
    fn over(&self, old: Option<&String>) -> Option<String> {
        match self {
            Self::Kept => old.cloned(),
            Self::Cleared => None,
            Self::Written(new) => Some(new.clone()),
        }
    }
}

fn line(name: &str, value: Option<String>) -> Field<Line> {
    match value {
        None => Ok(Line::Kept),
        Some(value) if value.is_empty() => Ok(Line::Cleared),
        Some(value) => {
            text(name, Some(&value), is_name)?;
            Ok(Line::Written(value))
        }
    }
}

fn country(value: Option<&str>) -> Field<Option<String>> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    text("countryCode", Some(value), |value| country::alpha3(value).is_some())?;
    Ok(country::alpha3(value))
}
