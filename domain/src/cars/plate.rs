//! Number plates.

use serde::{Deserialize, Serialize};

use super::CarError;
use crate::kernel::text::is_word;

/// Where cars can be registered.
pub const JURISDICTIONS: &[&str] = &["New Zealand", "Australia"];

/// A number within a jurisdiction. Not unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicensePlate {
    pub(super) jurisdiction: String,
    pub(super) number: String,
}

impl LicensePlate {
    /// # Errors
    /// [`CarError::UnknownJurisdiction`] or [`CarError::MalformedPlate`].
    pub fn new(jurisdiction: &str, number: &str) -> Result<Self, CarError> {
        if !JURISDICTIONS.contains(&jurisdiction) {
            return Err(CarError::UnknownJurisdiction);
        }
        if !Self::is_number(number) {
            return Err(CarError::MalformedPlate);
        }
        Ok(Self { jurisdiction: jurisdiction.to_owned(), number: number.to_owned() })
    }
    /// Whether the text could be a number: 1 to 15 word characters or spaces.
    #[must_use]
    pub fn is_number(text: &str) -> bool {
        (1..=15).contains(&text.chars().count()) && text.chars().all(|c| is_word(c) || c == ' ')
    }
    /// Whether the text could name a jurisdiction: 1 to 50 word characters, `-`, `.` or spaces.
    #[must_use]
    pub fn is_jurisdiction(text: &str) -> bool {
        let fits = |c: char| is_word(c) || "-. ".contains(c);
        (1..=50).contains(&text.chars().count()) && text.chars().all(fits)
    }
    /// For example `New Zealand`.
    #[must_use]
    pub fn jurisdiction(&self) -> &str {
        &self.jurisdiction
    }
    /// As written on the plate.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_jurisdictions_and_the_form_of_numbers() {
        assert!(LicensePlate::new("Australia", "ABC 123").is_ok());
        assert_eq!(LicensePlate::new("Atlantis", "ABC"), Err(CarError::UnknownJurisdiction));
        assert_eq!(LicensePlate::new("Australia", "ABC-1"), Err(CarError::MalformedPlate));
        assert_eq!(
            LicensePlate::new("Australia", "0123456789012345"),
            Err(CarError::MalformedPlate)
        );
    }
}
