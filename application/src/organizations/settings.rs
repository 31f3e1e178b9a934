//! What organizations are set to: at first, now, and from now on.

use std::collections::BTreeMap;

use domain::{
    kernel::OrganizationId,
    organizations::{Organization, Setting, SettingType},
};

use crate::{App, Call, Error, Loaded, Result, ports::SealedText, repository::ATTEMPTS};

/// A setting as it is read. It has no `Debug`: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct TenantSetting {
    /// Its name.
    pub name: String,
    /// Its value, as text, not encrypted.
    pub value: String,
    /// What it is.
    pub kind: SettingType,
    /// Whether it is encrypted where it is stored.
    pub is_encrypted: bool,
}

/// The settings of an organization, in the order of their names. The values of those that can't be
/// decrypted any more are empty.
///
/// # Errors
/// Not found, if there is no such organization; deleted; unavailable.
pub async fn get(app: &App, call: &Call, id: &OrganizationId) -> Result<Vec<TenantSetting>> {
    read(app, &app.organizations.load(call, id.as_str()).await?).await
}

/// Sets an organization to these; other settings stay. Doing it again changes nothing.
///
/// # Errors
/// As [`get`]; a rule violation, if what is no text is to be encrypted, or a value is not of its
/// type; conflict.
pub async fn change(
    app: &App,
    call: &Call,
    id: &OrganizationId,
    settings: &[TenantSetting],
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let organization = app.organizations.load_to_change(call, id.as_str()).await?;
        let mut changed = BTreeMap::new();
        for setting in settings {
            let known = organization.state.settings().get(&setting.name);
            changed.insert(setting.name.clone(), stored(app, id.as_str(), setting, known).await?);
        }
        let events = organization.state.change_settings(changed)?;
        if app.organizations.append_to(call, organization, events).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::conflict())
}

/// The settings of a new organization, encrypted where they have to be.
///
/// # Errors
/// Unavailable, if nothing can be encrypted now.
pub(super) async fn initial(app: &App, organization: &str) -> Result<Vec<(String, Setting)>> {
    let mut settings = vec![];
    for setting in app.tenant_settings.iter() {
        settings.push((setting.name.clone(), stored(app, organization, setting, None).await?));
    }
    Ok(settings)
}

/// As [`get`], of an organization that was loaded.
pub(super) async fn read(
    app: &App,
    organization: &Loaded<Organization>,
) -> Result<Vec<TenantSetting>> {
    let mut settings = vec![];
    for (name, setting) in organization.state.settings() {
        let value = opened(app, &organization.id, name, setting).await?.unwrap_or_default();
        let (kind, is_encrypted) = (setting.kind, setting.is_encrypted);
        settings.push(TenantSetting { name: name.clone(), value, kind, is_encrypted });
    }
    Ok(settings)
}

/// As it is stored. A secret that is the same stays encrypted as it is, so that nothing changes.
async fn stored(
    app: &App,
    organization: &str,
    setting: &TenantSetting,
    known: Option<&Setting>,
) -> Result<Setting> {
    let TenantSetting { name, value, kind, is_encrypted } = setting.clone();
    if !is_encrypted {
        return Ok(Setting { value, kind, is_encrypted });
    }
    if let Some(known) = known.filter(|known| known.is_encrypted)
        && opened(app, organization, &name, known).await?.as_ref() == Some(&value)
    {
        return Ok(Setting { value: known.value.clone(), kind, is_encrypted });
    }
    let context = context(organization, &name);
    let value = app.vault.seal(organization, &context, value.as_bytes()).await?;
    Ok(Setting { value, kind, is_encrypted })
}

/// The value as it is read; `None` if it can't be decrypted.
async fn opened(
    app: &App,
    organization: &str,
    name: &str,
    setting: &Setting,
) -> Result<Option<String>> {
    if !setting.is_encrypted {
        return Ok(Some(setting.value.clone()));
    }
    let context = context(organization, name);
    let sealed = SealedText { subject: organization, context: &context, text: &setting.value };
    let plain = app.vault.open(&[sealed]).await?.pop().flatten();
    Ok(plain.and_then(|plain| String::from_utf8(plain).ok()))
}

/// Where the value of a setting opens.
fn context(organization: &str, name: &str) -> String {
    format!("setting {organization} {name}")
}
