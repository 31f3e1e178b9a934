//! Who made a car, and when.

use serde::{Deserialize, Serialize};

use super::CarError;
use crate::kernel::text::is_descriptive_name;

/// Makes and models on the books.
pub const MAKES: &[&str] = &["Honda", "Toyota"];
/// See [`MAKES`].
pub const MODELS: &[&str] = &["Civic", "Surf"];
/// The first model year that a car can have.
pub const MIN_YEAR: i32 = 1917;

/// Make, model and model year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manufacturer {
    pub(super) make: String,
    pub(super) model: String,
    pub(super) year: i32,
}

impl Manufacturer {
    /// `this_year` is the current year in UTC; cars of up to three years ahead may be on the books.
    ///
    /// # Errors
    /// [`CarError::UnknownMake`], [`CarError::UnknownModel`] or [`CarError::YearOutOfRange`].
    pub fn new(make: &str, model: &str, year: i32, this_year: i32) -> Result<Self, CarError> {
        if !MAKES.contains(&make) {
            return Err(CarError::UnknownMake);
        }
        if !MODELS.contains(&model) {
            return Err(CarError::UnknownModel);
        }
        if !(MIN_YEAR..=this_year + 3).contains(&year) {
            return Err(CarError::YearOutOfRange);
        }
        Ok(Self { make: make.to_owned(), model: model.to_owned(), year })
    }
    /// Whether the text could name a make or model: 2 to 50 characters of a name.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        is_descriptive_name(text, 2, 50)
    }
    /// For example `Honda`.
    #[must_use]
    pub fn make(&self) -> &str {
        &self.make
    }
    /// For example `Civic`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }
    /// The model year.
    #[must_use]
    pub fn year(&self) -> i32 {
        self.year
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_makes_models_and_years() {
        assert!(Manufacturer::new("Honda", "Civic", 1917, 2026).is_ok());
        assert!(Manufacturer::new("Toyota", "Surf", 2029, 2026).is_ok());
        assert_eq!(Manufacturer::new("honda", "Civic", 2020, 2026), Err(CarError::UnknownMake));
        assert_eq!(Manufacturer::new("Honda", "Accord", 2020, 2026), Err(CarError::UnknownModel));
        assert_eq!(Manufacturer::new("Honda", "Civic", 1916, 2026), Err(CarError::YearOutOfRange));
        assert_eq!(Manufacturer::new("Honda", "Civic", 2030, 2026), Err(CarError::YearOutOfRange));
    }
}
