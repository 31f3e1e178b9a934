//! What organizations begin with.

use serde::{Deserialize, Serialize};

use super::{OrganizationEvent, SettingType};
use crate::{
    end_users::Ownership,
    kernel::{PersonName, UserId, text::is_descriptive_name},
};

/// The longest name, in characters.
pub const NAME_MAX: usize = 100;

/// Whether the text can be what an organization is called.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_descriptive_name(text, 1, NAME_MAX)
}

/// A setting of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// As text; encrypted if it is.
    pub value: String,
    /// What it is.
    pub kind: SettingType,
    /// Whether the value has to be opened to be read.
    pub is_encrypted: bool,
}

impl Setting {
    pub(super) fn created(self, name: String) -> OrganizationEvent {
        let Self { value: string_value, kind: value_type, is_encrypted } = self;
        OrganizationEvent::SettingCreated { name, string_value, value_type, is_encrypted }
    }
}

/// What an organization begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the events document them")]
pub struct NewOrganization {
    pub name: String,
    pub ownership: Ownership,
    pub created_by: UserId,
    pub host_region: String,
    pub settings: Vec<(String, Setting)>,
}

impl NewOrganization {
    /// The organization that a user has for itself alone, with its name, as far as that fits.
    #[must_use]
    pub fn personal(user: &UserId, name: &PersonName, host_region: &str) -> Self {
        Self {
            name: name.full().chars().take(NAME_MAX).collect(),
            ownership: Ownership::Personal,
            created_by: user.clone(),
            host_region: host_region.to_owned(),
            settings: vec![],
        }
    }

    /// An organization that others can be invited to.
    #[must_use]
    pub fn shared(user: &UserId, name: &str, host_region: &str) -> Self {
        Self {
            name: name.to_owned(),
            ownership: Ownership::Shared,
            created_by: user.clone(),
            host_region: host_region.to_owned(),
            settings: vec![],
        }
    }

    /// The same, with settings.
    #[must_use]
    pub fn with_settings(self, settings: Vec<(String, Setting)>) -> Self {
        Self { settings, ..self }
    }

    pub(super) fn into_events(self) -> Vec<OrganizationEvent> {
        let created = OrganizationEvent::Created {
            ownership: self.ownership,
            created_by_id: self.created_by,
            host_region: self.host_region,
            name: self.name,
        };
        let settings = self.settings.into_iter().map(|(name, setting)| setting.created(name));
        std::iter::once(created).chain(settings).collect()
    }
}
