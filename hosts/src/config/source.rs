//! Where values come from: the environment wins over the file, the file over the defaults.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    InvalidSettings,
    specs::{self, Kind, Spec},
};

/// Names the configuration file.
const FILE: &str = "GROUNDWORK_CONFIG";
/// Read if it is there and no other file is named.
const DEFAULT_FILE: &str = "groundwork.toml";

/// A value for every setting that has one; each fits its specification.
pub(super) struct Values(BTreeMap<&'static str, String>);

impl Values {
    pub(super) fn read(environment: BTreeMap<String, String>) -> Result<Self, InvalidSettings> {
        let mut wrong = vec![];
        let mut given = file(&environment, &mut wrong);
        for (name, value) in environment {
            if specs::ALL.iter().any(|spec| spec.name == name) {
                // An empty variable is how shells and containers say "not set".
                if !value.is_empty() {
                    given.insert(name, value);
                }
            } else if name.starts_with("GROUNDWORK_") && name != FILE {
                wrong.push(format!("{name} is no setting of Groundwork."));
            }
        }
        let mut values = BTreeMap::new();
        for spec in specs::ALL {
            let text = given.remove(spec.name).or_else(|| spec.default.map(str::to_owned));
            let Some(text) = text else { continue };
            if spec.fits(&text) {
                values.insert(spec.name, text);
            } else {
                wrong.push(misfit(spec, &text));
            }
        }
        if wrong.is_empty() { Ok(Self(values)) } else { Err(InvalidSettings(wrong)) }
    }

    /// The value; `None` if nothing was said and there is no default.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
    /// The value of a number; its specification has a default and bounds.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }
    /// The value of a flag.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

fn misfit(spec: &Spec, value: &str) -> String {
    match spec.kind {
        Kind::Secret => format!("{} must be {}.", spec.name, spec.accepts()),
        _ => format!("{} must be {}, not '{value}'.", spec.name, spec.accepts()),
    }
}

fn file(
    environment: &BTreeMap<String, String>,
    wrong: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let named = environment.get(FILE).filter(|name| !name.is_empty());
    let path = PathBuf::from(named.map_or(DEFAULT_FILE, String::as_str));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            return BTreeMap::new();
        }
        Err(error) => {
            wrong.push(format!("The settings file {} can't be read: {error}.", path.display()));
            return BTreeMap::new();
        }
    };
    parse(&path, &text, wrong)
}

fn parse(path: &Path, text: &str, wrong: &mut Vec<String>) -> BTreeMap<String, String> {
    let table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            // The whole error shows the line, which may hold a secret.
            let why = error.message();
            wrong.push(format!("The settings file {} is not valid TOML: {why}.", path.display()));
            return BTreeMap::new();
        }
    };
    let mut given = BTreeMap::new();
    for (key, value) in table {
        let Some(spec) = specs::ALL.iter().find(|spec| spec.key() == key) else {
            wrong.push(format!("'{key}' in {} is no setting of Groundwork.", path.display()));
            continue;
        };
        match scalar(&value) {
            Some(text) => {
                given.insert(spec.name.to_owned(), text);
            }
            None => {
                wrong.push(format!("'{key}' in {} must be {}.", path.display(), spec.accepts()));
            }
        }
    }
    given
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}
