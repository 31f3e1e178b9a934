//! The part about organizations: what every new one is set to.

use application::organizations::settings::TenantSetting;
use domain::organizations::SettingType;

use super::source::Values;

const FILE: &str = "GROUNDWORK_TENANT_SETTINGS";
const ENCRYPTED: &str = "GROUNDWORK_TENANT_SETTINGS_ENCRYPTED";

/// Reads the file of settings, if one is named.
pub(super) fn build(values: &Values, wrong: &mut Vec<String>) -> Vec<TenantSetting> {
    let mut settings = match values.text(FILE) {
        Some(path) => read(path, wrong),
        None => vec![],
    };
    let names = values.text(ENCRYPTED).unwrap_or_default().split(',').map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        match settings.iter_mut().find(|setting| setting.name == name) {
            Some(setting) if setting.kind == SettingType::String => setting.is_encrypted = true,
            Some(_) => wrong.push(format!("{ENCRYPTED} names '{name}', which is no text.")),
            None => wrong.push(format!("{ENCRYPTED} names '{name}', which {FILE} does not have.")),
        }
    }
    settings
}

fn read(path: &str, wrong: &mut Vec<String>) -> Vec<TenantSetting> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            wrong.push(format!("The file {path} of {FILE} can't be read: {error}."));
            return vec![];
        }
    };
    let table: toml::Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(error) => {
            // The whole error shows the line, which may hold a secret.
            let why = error.message();
            wrong.push(format!("The file {path} of {FILE} is not valid TOML: {why}."));
            return vec![];
        }
    };
    let mut settings = vec![];
    for (name, value) in table {
        match scalar(&value) {
            Some((kind, value)) => {
                settings.push(TenantSetting { name, value, kind, is_encrypted: false });
            }
            None => wrong.push(format!(
                "'{name}' in {path} of {FILE} must be a text, a number, `true` or `false`."
            )),
        }
    }
    settings
}

fn scalar(value: &toml::Value) -> Option<(SettingType, String)> {
    match value {
        toml::Value::String(text) => Some((SettingType::String, text.clone())),
        toml::Value::Integer(number) => Some((SettingType::Number, number.to_string())),
        toml::Value::Float(number) => Some((SettingType::Number, number.to_string())),
        toml::Value::Boolean(flag) => Some((SettingType::Boolean, flag.to_string())),
        _ => None,
    }
}
