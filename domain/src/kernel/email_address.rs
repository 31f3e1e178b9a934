//! E-mail addresses.

use serde::{Deserialize, Serialize};

use super::{DomainError, ErrorKind};

/// The longest address that mail servers carry.
const MAX: usize = 254;
/// The longest part before the `@` that mail servers carry.
const MAX_LOCAL: usize = 64;

/// An address in lower case; empty once whoever had it was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// The text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address is malformed")]
pub struct InvalidEmailAddress;

impl DomainError for InvalidEmailAddress {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
    fn code(&self) -> &'static str {
        "invalid_email_address"
    }
}

impl EmailAddress {
    /// Atoms joined by dots, `@`, then a host name with at least one dot or an IPv4 address in
    /// brackets; all of it ASCII. Letters become lower case.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`] for other text.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let fits = text.len() <= MAX && local.len() <= MAX_LOCAL;
        if fits && local.split('.').all(is_atom) && (is_host_name(host) || is_address(host)) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidEmailAddress)
        }
    }
    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether whoever had it was erased.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_atom(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_!#$%&'*+-/=?^`{|}~".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

fn is_host_name(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(fits)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_address(text: &str) -> bool {
    text.strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .is_some_and(|text| text.parse::<core::net::Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_in_lower_case() {
        for (text, read) in [
            ("a@b.c", "a@b.c"),
            ("Ann.O'Neil+Cars@Company.COM", "ann.o'neil+cars@company.com"),
            ("a_b@my-host.example.org", "a_b@my-host.example.org"),
            ("root@[127.0.0.1]", "root@[127.0.0.1]"),
        ] {
            assert_eq!(EmailAddress::parse(text).expect("valid").as_str(), read);
        }
    }

    #[test]
    fn refuses_other_text() {
        let long = format!("{}@company.com", "a".repeat(65));
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@@b.c",
            ".a@b.c",
            "a.@b.c",
            "a..a@b.c",
            "a b@c.d",
            "a@b..c",
            "a@-b.c",
            "a@b-.c",
            "a@b.c.",
            "é@b.c",
            "a@é.c",
            "a@[1.2.3]",
            "a@b.c\n",
            "a@[1.2.3.400]",
            &long,
        ] {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmailAddress), "{text}");
        }
    }

    #[test]
    fn what_was_erased_is_empty() {
        assert!(EmailAddress::default().is_empty());
        let read: EmailAddress = serde_json::from_str(r#""""#).expect("stored text is not judged");
        assert!(read.is_empty());
    }
}
