//! Shared rules for text that people type.

/// Whether the text has `min` to `max` characters, all fit for a name: Unicode letters and digits,
/// `_`, space and common punctuation.
#[must_use]
pub fn is_descriptive_name(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.chars().count()) && text.chars().all(is_descriptive)
}

fn is_descriptive(c: char) -> bool {
    is_word(c) || " `!@#$%&()-:;'’,.?/".contains(c)
}

/// A letter, a digit or `_`, in any script.
#[must_use]
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_not_bytes() {
        assert!(is_descriptive_name("żółć", 2, 4));
        assert!(!is_descriptive_name("a", 2, 4));
        assert!(!is_descriptive_name("tab\tbed", 1, 50));
    }
}
