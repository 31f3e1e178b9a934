//! Locales in the form of BCP 47.

/// What people are taken to read who do not say.
pub const DEFAULT: &str = "en-US";

/// Whether the text is a language of 2 to 4 lower-case letters, then maybe a script such as
/// `-Latn`, then maybe a region such as `-NZ` or `-419`.
#[must_use]
pub fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-').peekable();
    let language = parts.next().is_some_and(is_language);
    let _ = parts.next_if(|part| is_script(part));
    let _ = parts.next_if(|part| is_region(part));
    language && parts.next().is_none()
}

/// The locale itself if it has the form, else [`DEFAULT`].
#[must_use]
pub fn known_or_default(text: Option<&str>) -> &str {
    text.filter(|text| is_locale(text)).unwrap_or(DEFAULT)
}

fn is_language(text: &str) -> bool {
    (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase())
}

fn is_script(text: &str) -> bool {
    let (first, rest) = text.split_at_checked(1).unwrap_or_default();
    first.bytes().all(|b| b.is_ascii_uppercase())
        && rest.len() == 3
        && rest.bytes().all(|b| b.is_ascii_lowercase())
}

fn is_region(text: &str) -> bool {
    let letters = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    letters || text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_language_script_and_region() {
        for text in ["en", "en-US", "zh-Hant", "zh-Hant-TW", "es-419", "haw"] {
            assert!(is_locale(text), "{text}");
        }
        for text in ["", "e", "EN", "en_US", "en-us", "en-US-US", "en-", "zh-hant", "en-US-Latn"] {
            assert!(!is_locale(text), "{text}");
            assert_eq!(known_or_default(Some(text)), DEFAULT);
        }
    }
}
