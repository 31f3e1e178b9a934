//! What every new organization is set to.

use domain::organizations::{Setting, SettingType};

use crate::{App, Result};

/// A setting that every new organization gets. It has no `Debug`: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingTemplate {
    /// Its name.
    pub name: String,
    /// Its value, as text.
    pub value: String,
    /// What it is.
    pub kind: SettingType,
    /// Whether it is to be encrypted.
    pub is_encrypted: bool,
}

/// The settings of a new organization, encrypted where they have to be.
///
/// # Errors
/// Unavailable, if nothing can be encrypted now.
pub(super) async fn initial(app: &App, organization: &str) -> Result<Vec<(String, Setting)>> {
    let mut settings = vec![];
    for template in app.tenant_settings.iter() {
        let SettingTemplate { name, value, kind, is_encrypted } = template.clone();
        let value = if is_encrypted {
            app.vault.seal(organization, &context(organization, &name), value.as_bytes()).await?
        } else {
            value
        };
        settings.push((name, Setting { value, kind, is_encrypted }));
    }
    Ok(settings)
}

/// Where the value of a setting opens.
pub(super) fn context(organization: &str, name: &str) -> String {
    format!("setting {organization} {name}")
}
