//! What happens to user profiles.

use crate::{
    end_users::Classification,
    kernel::{EmailAddress, OrganizationId, UserId},
};

crate::events! {
    /// What happens to a user profile.
    pub enum UserProfileEvent in "user_profiles" for "user_profile" {
        /// The user has a profile; the first event of every one. The display name is the first name.
        public Created = "created" v 1 {
            user_id: UserId, r#type: Classification,
        } sealed {
            first_name: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_name: Option<String>,
            display_name: String,
        },
        /// Can be reached by e-mail there.
        private EmailAddressChanged = "email_address_changed" v 1 { user_id: UserId }
            sealed { email_address: EmailAddress },
        /// Lives elsewhere; all parts are listed. The country has three letters, as in ISO 3166-1.
        private ContactAddressChanged = "contact_address_changed" v 1 {
            user_id: UserId, country_code: String,
        } sealed {
            #[serde(skip_serializing_if = "Option::is_none")]
            line1: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            line2: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            line3: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            city: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            state: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            zip: Option<String>,
        },
        /// Lives in another time zone, by its name in the IANA database.
        private TimezoneChanged = "timezone_changed" v 1 { user_id: UserId, timezone: String },
        /// Reads another language, in the form of BCP 47.
        private LocaleChanged = "locale_changed" v 1 { user_id: UserId, locale: String },
        /// Has another name.
        private NameChanged = "name_changed" v 1 { user_id: UserId } sealed {
            first_name: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_name: Option<String>,
        },
        /// Wants to be called otherwise.
        private DisplayNameChanged = "display_name_changed" v 1 { user_id: UserId }
            sealed { display_name: String },
        /// Can be reached by phone there.
        private PhoneNumberChanged = "phone_number_changed" v 1 { user_id: UserId }
            sealed { number: String },
        /// Works in another organization when it does not say in which.
        private DefaultOrganizationChanged = "default_organization_changed" v 1 {
            #[serde(skip_serializing_if = "Option::is_none")]
            from_organization_id: Option<OrganizationId>,
            to_organization_id: OrganizationId,
        },
    }
}
