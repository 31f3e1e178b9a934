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

/// What `\w` stands for in a regular expression (UTS #18, annex C): a letter, a mark that belongs to
/// one, a digit or `_`, in any script.
#[must_use]
pub fn is_word(c: char) -> bool {
    regex_syntax::try_is_word_character(c).unwrap_or(false)
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

    #[test]
    fn marks_belong_to_their_letters() {
        for name in ["\u{936}\u{930}\u{94d}\u{92e}\u{93e}", "Zoe\u{308}", "\u{e01}\u{e31}\u{e1a}"] {
            assert!(is_descriptive_name(name, 1, 50), "{name}");
        }
        assert!(!is_word('\u{2028}') && !is_word('\u{202e}') && !is_word('½'));
    }
}
