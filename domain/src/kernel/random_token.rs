//! One-time tokens and others that nobody can guess.

/// Whether the text could be a random token: 41 to 44 letters, digits, `_`, `+` or `-`.
#[must_use]
pub fn is_random_token(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+-".contains(&b);
    (41..=44).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_tokens_by_length_and_alphabet() {
        for (length, fits) in [(0, false), (40, false), (41, true), (44, true), (45, false)] {
            assert_eq!(is_random_token(&"a".repeat(length)), fits, "{length}");
        }
        assert!(is_random_token(&"aZ09_+-".repeat(6)));
        assert!(!is_random_token(&"a/=".repeat(14)));
    }
}
