//! Names of people and machines.

use serde::{Deserialize, Serialize};

use super::{DomainError, ErrorKind, text::is_descriptive_name};

/// The longest name, in characters.
pub const MAX: usize = 100;

/// A first name and, of most people, a last name; empty once whoever had it was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    first: String,
    last: Option<String>,
}

/// The text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name is empty, too long or has characters that names do not have")]
pub struct InvalidName;

impl DomainError for InvalidName {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
    fn code(&self) -> &'static str {
        "invalid_name"
    }
}

/// Whether the text could be a first, last or display name: 1 to [`MAX`] characters of a name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_descriptive_name(text, 1, MAX)
}

impl PersonName {
    /// An empty last name is none.
    ///
    /// # Errors
    /// [`InvalidName`] unless each passes [`is_name`].
    pub fn new(first: &str, last: Option<&str>) -> Result<Self, InvalidName> {
        let last = last.filter(|last| !last.is_empty());
        if is_name(first) && last.is_none_or(is_name) {
            Ok(Self { first: first.to_owned(), last: last.map(str::to_owned) })
        } else {
            Err(InvalidName)
        }
    }
    /// As an event has it.
    #[must_use]
    pub fn stored(first: String, last: Option<String>) -> Self {
        Self { first, last }
    }
    /// For example `Ann`.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.first
    }
    /// For example `Miller`.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }
    /// For example `Ann Miller`.
    #[must_use]
    pub fn full(&self) -> String {
        match &self.last {
            Some(last) => format!("{} {last}", self.first),
            None => self.first.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_what_there_is() {
        assert_eq!(PersonName::new("Ann", Some("O’Neil")).expect("valid").full(), "Ann O’Neil");
        assert_eq!(PersonName::new("Ann", Some("")).expect("valid").full(), "Ann");
    }

    #[test]
    fn refuses_what_is_no_name() {
        let long = "a".repeat(101);
        for (first, last) in [("", None), ("a\tb", None), ("Ann", Some("<b>")), (&long, None)] {
            assert_eq!(PersonName::new(first, last), Err(InvalidName), "{first} {last:?}");
        }
    }
}
