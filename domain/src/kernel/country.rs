//! Countries by their codes of ISO 3166-1.

/// Where people are taken to live who do not say.
pub const DEFAULT: &str = "USA";

/// The three-letter code of a country that is named by its three-letter, two-letter or numeric
/// code, in upper case; `None` for anything else.
#[must_use]
pub fn alpha3(text: &str) -> Option<String> {
    if cfg!(feature = "testing-only") && ["XXX", "XX", "001"].contains(&text) {
        return Some("XXX".to_owned());
    }
    let found = match text.len() {
        2 => rust_iso3166::from_alpha2(text),
        3 if text.bytes().all(|b| b.is_ascii_digit()) => rust_iso3166::from_numeric_str(text),
        3 => rust_iso3166::from_alpha3(text),
        _ => None,
    };
    found.map(|country| country.alpha3.to_owned())
}

/// The two-letter code of a country that is named as [`alpha3`] takes it.
#[must_use]
pub fn alpha2(text: &str) -> Option<String> {
    let country = rust_iso3166::from_alpha3(&alpha3(text)?)?;
    Some(country.alpha2.to_owned())
}

/// The country's three-letter code if it is known, else [`DEFAULT`].
#[must_use]
pub fn known_or_default(text: Option<&str>) -> String {
    text.and_then(alpha3).unwrap_or_else(|| DEFAULT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_three_forms_of_each_code() {
        for text in ["NZL", "NZ", "554"] {
            assert_eq!(alpha3(text).as_deref(), Some("NZL"));
        }
        assert_eq!(alpha2("NZL").as_deref(), Some("NZ"));
        assert_eq!(alpha2("QQQ"), None);
        assert_eq!(alpha3("036").as_deref(), Some("AUS"));
        for text in ["", "N", "nz", "QQ", "QQQ", "999", "36", "New Zealand"] {
            assert_eq!(alpha3(text), None, "{text}");
        }
        assert_eq!(known_or_default(Some("Atlantis")), DEFAULT);
    }
}
