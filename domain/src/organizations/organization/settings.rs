//! What an organization is set to.

use std::collections::BTreeMap;

use super::{Organization, OrganizationError};
use crate::organizations::{OrganizationEvent, Setting, SettingType};

impl Organization {
    /// Sets what is given by its names. What is not given stays, and what is the same is skipped.
    ///
    /// # Errors
    /// [`OrganizationError::SettingNotText`] or [`OrganizationError::SettingMistyped`].
    pub fn change_settings(
        &self,
        settings: BTreeMap<String, Setting>,
    ) -> Result<Vec<OrganizationEvent>, OrganizationError> {
        let mut events = vec![];
        for (name, setting) in settings {
            setting.must_be_sound()?;
            match self.settings.get(&name) {
                Some(known) if *known == setting => {}
                Some(known) => events.push(OrganizationEvent::SettingUpdated {
                    name,
                    from: known.value.clone(),
                    from_type: known.kind,
                    to: setting.value,
                    to_type: setting.kind,
                    is_encrypted: setting.is_encrypted,
                }),
                None => events.push(setting.created(name)),
            }
        }
        Ok(events)
    }
}

impl Setting {
    /// What is encrypted is a text, and everything else is what it says.
    fn must_be_sound(&self) -> Result<(), OrganizationError> {
        if self.is_encrypted && self.kind != SettingType::String {
            return Err(OrganizationError::SettingNotText);
        }
        let fits = match self.kind {
            SettingType::String => true,
            SettingType::Number => self.value.parse::<f64>().is_ok_and(f64::is_finite),
            SettingType::Boolean => matches!(self.value.as_str(), "true" | "false"),
        };
        if fits { Ok(()) } else { Err(OrganizationError::SettingMistyped) }
    }
}
