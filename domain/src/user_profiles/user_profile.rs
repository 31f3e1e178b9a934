//! The user profile: its rules.

use serde::{Deserialize, Serialize};

use super::{Address, UserProfileEvent};
use crate::{
    end_users::Classification,
    kernel::{
        Aggregate, DomainError, EmailAddress, ErrorKind, Evolve, OrganizationId, PersonName,
        UserId, locale, time_zone,
    },
};

/// A user profile as its events made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserProfile {
    user: UserId,
    classification: Classification,
    name: PersonName,
    display_name: String,
    email: Option<EmailAddress>,
    phone: Option<String>,
    address: Address,
    timezone: String,
    locale: String,
    default_organization: Option<OrganizationId>,
}

impl Default for UserProfile {
    fn default() -> Self {
        Self {
            user: UserId::anonymous(),
            classification: Classification::Person,
            name: PersonName::default(),
            display_name: String::new(),
            email: None,
            phone: None,
            address: Address::default(),
            timezone: time_zone::DEFAULT.to_owned(),
            locale: locale::DEFAULT.to_owned(),
            default_organization: None,
        }
    }
}

/// What a profile begins with. Zone, locale and country are known ones.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the events document them")]
pub struct NewProfile {
    pub user: UserId,
    pub classification: Classification,
    pub name: PersonName,
    pub email: Option<EmailAddress>,
    pub timezone: String,
    pub locale: String,
    pub country_code: String,
    pub default_organization: Option<OrganizationId>,
}

/// What a user changes of its profile; `None` keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the events document them")]
pub struct Details {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub display_name: Option<String>,
    pub phone: Option<String>,
    pub timezone: Option<String>,
    pub locale: Option<String>,
}

/// What a user profile refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserProfileError {
    /// Only the user itself changes its profile.
    #[error("only the user itself may change its profile")]
    NotOwner,
    /// A person can be reached by e-mail.
    #[error("the profile of a person needs an e-mail address")]
    EmailRequired,
    /// Nobody calls a machine.
    #[error("only a person can have a phone number")]
    PhoneOfMachine,
}

impl DomainError for UserProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOwner => ErrorKind::Forbidden,
            Self::EmailRequired | Self::PhoneOfMachine => ErrorKind::Rule,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotOwner => "user_profile_not_owner",
            Self::EmailRequired => "user_profile_email_required",
            Self::PhoneOfMachine => "user_profile_phone_of_machine",
        }
    }
}

impl UserProfile {
    /// Begins a profile. A machine has neither last name nor e-mail address.
    ///
    /// # Errors
    /// [`UserProfileError::EmailRequired`].
    pub fn create(new: NewProfile) -> Result<Vec<UserProfileEvent>, UserProfileError> {
        let NewProfile { user: user_id, classification, name, email, .. } = new;
        let person = classification == Classification::Person;
        let mut events = vec![UserProfileEvent::Created {
            user_id: user_id.clone(),
            r#type: classification,
            first_name: name.first().to_owned(),
            last_name: name.last().filter(|_| person).map(str::to_owned),
            display_name: name.first().to_owned(),
        }];
        if person {
            let email_address = email.ok_or(UserProfileError::EmailRequired)?;
            events.push(UserProfileEvent::EmailAddressChanged {
                user_id: user_id.clone(),
                email_address,
            });
        }
        let usual = Self::default();
        if new.country_code != usual.address.country_code {
            let address = Address { country_code: new.country_code, ..Address::default() };
            events.push(address_changed(user_id.clone(), address));
        }
        if new.timezone != usual.timezone {
            let timezone = new.timezone;
            events.push(UserProfileEvent::TimezoneChanged { user_id: user_id.clone(), timezone });
        }
        if new.locale != usual.locale {
            events.push(UserProfileEvent::LocaleChanged { user_id, locale: new.locale });
        }
        if let Some(organization) = new.default_organization {
            events.extend(usual.change_default_organization(&organization));
        }
        Ok(events)
    }

    /// Changes what the user names.
    ///
    /// # Errors
    /// [`UserProfileError::NotOwner`] or [`UserProfileError::PhoneOfMachine`].
    pub fn change_details(
        &self,
        by: &UserId,
        details: Details,
    ) -> Result<Vec<UserProfileEvent>, UserProfileError> {
        self.must_be_owner(by)?;
        let Details { first_name, last_name, display_name, phone, timezone, locale } = details;
        if phone.is_some() && self.classification == Classification::Machine {
            return Err(UserProfileError::PhoneOfMachine);
        }
        let user_id = || self.user.clone();
        let mut events = vec![];
        let first_name = first_name.unwrap_or_else(|| self.name.first().to_owned());
        let last_name = last_name.or_else(|| self.name.last().map(str::to_owned));
        if PersonName::stored(first_name.clone(), last_name.clone()) != self.name {
            events.push(UserProfileEvent::NameChanged {
                user_id: user_id(),
                first_name,
                last_name,
            });
        }
        if let Some(display_name) = display_name.filter(|name| *name != self.display_name) {
            events.push(UserProfileEvent::DisplayNameChanged { user_id: user_id(), display_name });
        }
        if let Some(number) = phone.filter(|number| Some(number) != self.phone.as_ref()) {
            events.push(UserProfileEvent::PhoneNumberChanged { user_id: user_id(), number });
        }
        if let Some(timezone) = timezone.filter(|zone| *zone != self.timezone) {
            events.push(UserProfileEvent::TimezoneChanged { user_id: user_id(), timezone });
        }
        if let Some(locale) = locale.filter(|locale| *locale != self.locale) {
            events.push(UserProfileEvent::LocaleChanged { user_id: user_id(), locale });
        }
        Ok(events)
    }

    /// Moves elsewhere.
    ///
    /// # Errors
    /// [`UserProfileError::NotOwner`].
    pub fn change_address(
        &self,
        by: &UserId,
        address: Address,
    ) -> Result<Vec<UserProfileEvent>, UserProfileError> {
        self.must_be_owner(by)?;
        if address == self.address {
            return Ok(vec![]);
        }
        Ok(vec![address_changed(self.user.clone(), address)])
    }

    /// Follows the default membership of the user; nothing happens if it does already.
    #[must_use]
    pub fn change_default_organization(&self, to: &OrganizationId) -> Vec<UserProfileEvent> {
        if self.default_organization.as_ref() == Some(to) {
            return vec![];
        }
        vec![UserProfileEvent::DefaultOrganizationChanged {
            from_organization_id: self.default_organization.clone(),
            to_organization_id: to.clone(),
        }]
    }

    fn must_be_owner(&self, by: &UserId) -> Result<(), UserProfileError> {
        if self.user == *by { Ok(()) } else { Err(UserProfileError::NotOwner) }
    }

    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }
    /// What sort of user it is.
    #[must_use]
    pub fn classification(&self) -> Classification {
        self.classification
    }
    /// First and last name.
    #[must_use]
    pub fn name(&self) -> &PersonName {
        &self.name
    }
    /// What the user wants to be called.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// Where a person can be reached.
    #[must_use]
    pub fn email(&self) -> Option<&EmailAddress> {
        self.email.as_ref()
    }
    /// Where a person can be called.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }
    /// Where it lives.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
    /// A name of the IANA database.
    #[must_use]
    pub fn timezone(&self) -> &str {
        &self.timezone
    }
    /// In the form of BCP 47.
    #[must_use]
    pub fn locale(&self) -> &str {
        &self.locale
    }
    /// Where the user works when it does not say where.
    #[must_use]
    pub fn default_organization(&self) -> Option<&OrganizationId> {
        self.default_organization.as_ref()
    }
}

fn address_changed(user_id: UserId, address: Address) -> UserProfileEvent {
    let Address { line1, line2, line3, city, state, country_code, zip } = address;
    UserProfileEvent::ContactAddressChanged {
        user_id,
        country_code,
        line1,
        line2,
        line3,
        city,
        state,
        zip,
    }
}

impl Evolve for UserProfile {
    const TYPE: &'static str = "user_profile";
    type Event = UserProfileEvent;

    fn evolve(&mut self, event: &UserProfileEvent) {
        match event.clone() {
            UserProfileEvent::Created { user_id, r#type, first_name, last_name, display_name } => {
                self.user = user_id;
                self.classification = r#type;
                self.name = PersonName::stored(first_name, last_name);
                self.display_name = display_name;
            }
            UserProfileEvent::EmailAddressChanged { email_address, .. } => {
                self.email = Some(email_address);
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
            } => {
                self.address = Address { line1, line2, line3, city, state, country_code, zip };
            }
            UserProfileEvent::TimezoneChanged { timezone, .. } => self.timezone = timezone,
            UserProfileEvent::LocaleChanged { locale, .. } => self.locale = locale,
            UserProfileEvent::NameChanged { first_name, last_name, .. } => {
                self.name = PersonName::stored(first_name, last_name);
            }
            UserProfileEvent::DisplayNameChanged { display_name, .. } => {
                self.display_name = display_name;
            }
            UserProfileEvent::PhoneNumberChanged { number, .. } => self.phone = Some(number),
            UserProfileEvent::DefaultOrganizationChanged { to_organization_id, .. } => {
                self.default_organization = Some(to_organization_id);
            }
        }
    }
}

impl Aggregate for UserProfile {
    const STATE_VERSION: u32 = 1;

    /// The platform's, as its user is.
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        false
    }
    fn subject(&self, _: &str) -> Option<String> {
        Some(self.user.to_string())
    }
}

#[cfg(test)]
mod tests;
