//! Recording on behalf of other hosts, such as the website's.

pub mod measure;
pub mod usage;

use std::collections::BTreeMap;

use domain::kernel::text::is_descriptive_name;
use serde_json::Value;

use crate::{
    error::FieldError,
    input::{Field, check},
};

/// What is told with an event: names, each with text, a number, `true`, `false` or nothing.
pub type Additional = BTreeMap<String, Value>;

/// Judges what was sent; what has no value is dropped.
///
/// # Errors
/// `NotEmptyValidator` for an empty name, `RegularExpressionValidator` for a value that is no
/// descriptive name of 1 to 300 characters.
fn additional(sent: Option<&Additional>) -> Field<Vec<(&str, Value)>> {
    let mut read = vec![];
    for (name, value) in sent.into_iter().flatten() {
        check(
            "NotEmptyValidator",
            !name.trim().is_empty() && !name.contains('\0'),
            "A name must not be empty",
            "".into(),
        )?;
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let plain = !value.is_array() && !value.is_object();
        if !plain || !is_descriptive_name(&text, 1, 300) {
            return Err(FieldError {
                reason: "The additional is invalid: a value has characters that names do not have"
                    .to_owned(),
                rule: "RegularExpressionValidator",
                value: None,
            });
        }
        read.push((name.as_str(), value.clone()));
    }
    Ok(read)
}
