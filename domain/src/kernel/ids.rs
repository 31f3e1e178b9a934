//! Identifiers of the form `prefix_random`.

use super::{DomainError, ErrorKind};

/// The random part of a new id: 10 to 22 characters of `[A-Za-z0-9]`, made by the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdToken(String);

impl IdToken {
    /// Takes the random characters.
    ///
    /// # Errors
    /// [`InvalidId`] unless there are 10 to 22 of them, all ASCII letters or digits.
    pub fn new(random: String) -> Result<Self, InvalidId> {
        let fits = (10..=22).contains(&random.len());
        if fits && random.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(random))
        } else {
            Err(InvalidId)
        }
    }
    /// 128 bits, such as those of a UUID, as 22 digits of base 62: the same bits are always the
    /// same token, and others another one.
    #[must_use]
    pub fn from_bits(mut bits: u128) -> Self {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut digits = ['0'; 22];
        for digit in digits.iter_mut().rev() {
            let value = usize::try_from(bits % 62).unwrap_or_default();
            *digit = DIGITS.get(value).copied().map_or('0', char::from);
            bits /= 62;
        }
        Self(digits.iter().collect())
    }
}

/// The text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the identifier is malformed")]
pub struct InvalidId;

impl DomainError for InvalidId {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
    fn code(&self) -> &'static str {
        "invalid_id"
    }
}

/// Prefixes that an id may have; `xxx` marks well-known callers.
pub const PREFIXES: &[&str] = &[
    "user",
    "mship",
    "org",
    "billsub",
    "profile",
    "image",
    "cred",
    "mfaauth",
    "authtok",
    "apikey",
    "ssouser",
    "pvdrauthtok",
    "oauthclient",
    "oauthconsent",
    "oidcauthz",
    "audit",
    "emaildelivery",
    "smsdelivery",
    "car",
    "unavail",
    "booking",
    "trip",
    "event",
    "check",
    "xxx",
];

/// Checks the general form: a registered prefix, `_`, then 10 to 22 word characters or digits.
///
/// # Errors
/// [`InvalidId`] if the text has another form.
pub fn check(text: &str) -> Result<(), InvalidId> {
    let (prefix, random) = text.split_once('_').ok_or(InvalidId)?;
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let fits = (12..=43).contains(&text.len()) && (10..=22).contains(&random.len());
    if fits && random.bytes().all(word) && PREFIXES.contains(&prefix) {
        Ok(())
    } else {
        Err(InvalidId)
    }
}

/// Declares id types, each with the prefix of newly made ids.
#[macro_export]
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);
        impl $name {
            /// Makes a new id from random characters.
            #[must_use]
            pub fn new(token: $crate::kernel::IdToken) -> Self { Self(token.with_prefix($prefix)) }
            /// Reads an id of any registered prefix.
            ///
            /// # Errors
            /// [`InvalidId`]($crate::kernel::ids::InvalidId) if it is malformed.
            pub fn parse(text: &str) -> Result<Self, $crate::kernel::ids::InvalidId> {
                $crate::kernel::ids::check(text)?;
                Ok(Self(text.to_owned()))
            }
            /// The id of another kind that belongs to this one: the same random part under another
            /// prefix, so that either is found by the other.
            #[must_use]
            pub fn twin(&self, prefix: &str) -> String {
                let random = self.0.split_once('_').map_or(self.0.as_str(), |(_, random)| random);
                format!("{prefix}_{random}")
            }
            /// The text form.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { f.write_str(&self.0) }
        }
    )* };
}

impl IdToken {
    /// Joins prefix and random part.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> String {
        format!("{prefix}_{}", self.0)
    }
}

ids! {
    /// A person or a machine.
    UserId = "user",
    /// An organization, which is what a tenant is.
    OrganizationId = "org",
}

impl UserId {
    /// Nobody in particular.
    pub const ANONYMOUS: &'static str = "xxx_anonymous0000000000000";
    /// The service account behind queues, bus and HMAC signatures.
    pub const MAINTENANCE: &'static str = "xxx_maintenance00000000001";

    /// The anonymous caller.
    #[must_use]
    pub fn anonymous() -> Self {
        Self(Self::ANONYMOUS.to_owned())
    }
    /// The maintenance service account.
    #[must_use]
    pub fn maintenance() -> Self {
        Self(Self::MAINTENANCE.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_ids_of_registered_prefixes() {
        for id in ["car_abcdefghij", "user_ABCDEFGHIJ0123456789ab", UserId::ANONYMOUS] {
            assert!(UserId::parse(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn refuses_other_forms() {
        for id in [
            "",
            "car",
            "car_",
            "car_short",
            "nope_abcdefghij",
            "car_abcdefghi-j",
            "car_0123456789012345678901234",
        ] {
            assert_eq!(UserId::parse(id), Err(InvalidId), "{id}");
        }
    }

    #[test]
    fn every_number_is_a_token_of_its_own() {
        for (number, token) in [
            (0, "0000000000000000000000"),
            (61, "000000000000000000000z"),
            (62, "0000000000000000000010"),
            (u128::MAX, "7n42DGM5Tflk9n8mt7Fhc7"),
        ] {
            let made = IdToken::from_bits(number);
            assert_eq!(made.0, token);
            assert_eq!(IdToken::new(made.0.clone()), Ok(made));
        }
    }

    #[test]
    fn joins_prefix_and_token() {
        let token = IdToken::new("abcdefghij".into()).expect("ten letters");
        assert_eq!(OrganizationId::new(token).as_str(), "org_abcdefghij");
        assert!(IdToken::new("abc".into()).is_err());
    }
}
