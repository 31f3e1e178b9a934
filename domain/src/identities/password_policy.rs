//! What a password must be.

use std::fmt;

use crate::kernel::{DomainError, ErrorKind};

/// Fewest and most characters.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=200;
/// How many of the four classes of characters it must mix.
const CLASSES: usize = 3;

/// A password that keeps the strict rule. It can't be printed or stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// The text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a password has 8 to 200 characters and three of: digits, lower-case letters, upper-case \
     letters, punctuation or spaces"
)]
pub struct UnfitPassword;

impl DomainError for UnfitPassword {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
    fn code(&self) -> &'static str {
        "unfit_password"
    }
}

impl Password {
    /// 8 to 200 characters, and at least three of: a digit, a lower-case letter, an upper-case
    /// letter (both of any script), a space or ASCII punctuation.
    ///
    /// # Errors
    /// [`UnfitPassword`] for other text.
    pub fn parse(text: &str) -> Result<Self, UnfitPassword> {
        let classes: [fn(char) -> bool; 4] =
            [char::is_numeric, char::is_lowercase, char::is_uppercase, |c| {
                c == ' ' || c.is_ascii_punctuation()
            }];
        let mixed = classes.iter().filter(|class| text.chars().any(class)).count();
        if LENGTH.contains(&text.chars().count()) && mixed >= CLASSES {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnfitPassword)
        }
    }
    /// For the hasher alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_classes_are_enough() {
        for text in
            ["1Password!", "password1!", "PASSWORD1!", "Password ok", "Żółwie123", "a1 a1 a1"]
        {
            assert!(Password::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn fewer_classes_or_another_length_are_refused() {
        let long = "aB3!".repeat(51);
        for text in
            ["", "aB3!xyz", "password", "password1", "PASSWORD1", "12345678", "pass word", &long]
        {
            assert_eq!(Password::parse(text), Err(UnfitPassword), "{text}");
        }
        assert!(Password::parse(&"aB3!".repeat(50)).is_ok(), "200 characters");
        assert!(Password::parse("ÀÀÀÀÀÀà1").is_ok(), "characters are counted, not bytes");
    }

    #[test]
    fn it_is_not_printed() {
        let password = Password::parse("1Password!").expect("valid");
        assert!(!format!("{password:?}").contains("1Password!"));
    }
}
