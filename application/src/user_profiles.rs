//! User profiles: views, the read port and the use cases.

use async_trait::async_trait;
use domain::{
    kernel::{PersonName, UserId},
    user_profiles::{Address, UserProfile},
};
use serde::Serialize;
use serde_json::json;

use crate::{App, Call, Loaded, Result, end_users::classification_name};

pub mod change_address;
pub mod change_details;
pub mod inspect_own;
pub mod reactions;

/// Permanent name of the projection that serves user profiles.
pub const USER_PROFILES: &str = "user_profiles";

/// A user profile as callers see it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserProfile)]
pub struct UserProfileView {
    /// `profile_…`
    pub id: String,
    /// `user_…`
    pub user_id: String,
    /// `person` or `machine`.
    pub classification: String,
    /// What the user wants to be called.
    pub display_name: String,
    /// First and last name.
    pub name: PersonNameView,
    /// Where a person can be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_address: Option<String>,
    /// Where a person can be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// A name of the IANA database.
    pub timezone: String,
    /// In the form of BCP 47.
    pub locale: String,
    /// Where the user lives.
    pub address: AddressView,
}

/// First and last name.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PersonName)]
pub struct PersonNameView {
    /// For example `Ann`; of a machine, its name.
    pub first_name: String,
    /// For example `Miller`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

/// Where a user lives.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProfileAddress)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AddressView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Three letters, as in ISO 3166-1.
    pub country_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
}

/// The answer of everything that changes a profile.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct UserProfileAnswer {
    /// The profile after the call.
    pub profile: UserProfileView,
}

/// A profile with what only its user needs.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnProfile {
    /// The profile.
    pub profile: UserProfileView,
    /// Where the user works when it does not say where.
    pub default_organization_id: Option<String>,
    /// How many events it has.
    pub version: u64,
}

/// The read model of user profiles.
#[async_trait]
pub trait UserProfileReads: Send + Sync {
    /// The profile of a user; `None` if it has none.
    async fn of_user(&self, user: &UserId) -> Result<Option<OwnProfile>>;
    /// The profiles of several users, in any order; who has none is left out.
    async fn of_users(&self, users: &[UserId]) -> Result<Vec<UserProfileView>>;
}

impl From<&PersonName> for PersonNameView {
    fn from(name: &PersonName) -> Self {
        Self { first_name: name.first().to_owned(), last_name: name.last().map(str::to_owned) }
    }
}

impl From<&Address> for AddressView {
    fn from(address: &Address) -> Self {
        let Address { line1, line2, line3, city, state, country_code, zip } = address.clone();
        Self { line1, line2, line3, city, state, country_code, zip }
    }
}

impl From<&Loaded<UserProfile>> for UserProfileView {
    fn from(profile: &Loaded<UserProfile>) -> Self {
        let state = &profile.state;
        let email = state.email().filter(|email| !email.is_empty());
        Self {
            id: profile.id.clone(),
            user_id: state.user().to_string(),
            classification: classification_name(state.classification()).to_owned(),
            display_name: state.display_name().to_owned(),
            name: state.name().into(),
            email_address: email.map(ToString::to_string),
            phone_number: state.phone().filter(|phone| !phone.is_empty()).map(str::to_owned),
            timezone: state.timezone().to_owned(),
            locale: state.locale().to_owned(),
            address: state.address().into(),
        }
    }
}

impl From<&Loaded<UserProfile>> for UserProfileAnswer {
    fn from(profile: &Loaded<UserProfile>) -> Self {
        Self { profile: UserProfileView::from(profile) }
    }
}

/// Tells that a profile is about to become what it is in `profile`.
///
/// # Errors
/// As [`App::usage`].
pub(crate) fn record(app: &App, call: &Call, profile: &Loaded<UserProfile>) -> Result<()> {
    let state = &profile.state;
    app.usage(
        call,
        "User Profile Updated",
        &[
            ("ResourceId", json!(profile.id)),
            ("UserIdOverride", json!(state.user())),
            ("Name", json!(state.name().full())),
            ("Classification", json!(classification_name(state.classification()))),
            ("Timezone", json!(state.timezone())),
            ("Locale", json!(state.locale())),
            ("CountryCode", json!(state.address().country_code)),
            ("EmailAddress", json!(state.email())),
        ],
    )
}
