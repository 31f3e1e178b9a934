//! Postal addresses.

use serde::{Deserialize, Serialize};

use crate::kernel::country;

/// Where somebody lives; every part but the country may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Address {
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub line3: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    /// Three letters, as in ISO 3166-1.
    pub country_code: String,
    pub zip: Option<String>,
}

impl Default for Address {
    fn default() -> Self {
        Self {
            line1: None,
            line2: None,
            line3: None,
            city: None,
            state: None,
            country_code: country::DEFAULT.to_owned(),
            zip: None,
        }
    }
}
