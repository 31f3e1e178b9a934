//! Invitations of guests: people who have not registered.

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::{
    identities::{NewToken, TokenHash},
    kernel::{EmailAddress, PersonName, Timestamp, UserId},
};

/// How long an invitation is good for.
pub const VALID_FOR: Duration = Duration::days(14);

/// The invitation of a guest, as long as it has not registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// Where it was sent; empty once the guest was erased.
    pub email: EmailAddress,
    /// What the claim on that address has.
    pub email_digest: String,
    /// What is kept of its token.
    pub token: TokenHash,
    /// When it ends.
    pub expires_on: Timestamp,
}

/// What an invitation is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInvitation {
    /// Where it is sent.
    pub email: EmailAddress,
    /// What the claim on that address has.
    pub email_digest: String,
    /// What accepts it.
    pub token: NewToken,
    /// Who invites.
    pub invited_by: UserId,
    /// Where the host runs.
    pub host_region: String,
}

impl Invitation {
    /// Whether it can be accepted no longer.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_on
    }
}

/// What somebody may be called of whom nothing but the address is known: `ann.miller+cars@…` is Ann
/// Miller.
#[must_use]
pub fn guessed_name(email: &EmailAddress) -> PersonName {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let local = local.split('+').next().unwrap_or_default();
    let parts: Vec<&str> = local.split('.').collect();
    let named = |part: Option<&&str>| part.map(|part| titled(part)).filter(|name| name.len() > 1);
    let last = if parts.len() > 1 { named(parts.last()) } else { None };
    let first = named(parts.first()).unwrap_or_else(|| "Mr or Mrs".to_owned());
    PersonName::stored(first, last)
}

/// Only letters, the first of them a capital.
fn titled(part: &str) -> String {
    let mut letters = part.chars().filter(|c| c.is_alphabetic());
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_guessed_from_addresses() {
        for (email, name) in [
            ("ann.miller@company.com", "Ann Miller"),
            ("ann@company.com", "Ann"),
            ("ANN.MILLER+cars@company.com", "Ann Miller"),
            ("ann.b.miller2@company.com", "Ann Miller"),
            ("a.miller@company.com", "Mr or Mrs Miller"),
            ("ann.m@company.com", "Ann"),
            ("12.34@company.com", "Mr or Mrs"),
            ("o-neil@company.com", "Oneil"),
        ] {
            let email = EmailAddress::parse(email).expect("an address");
            assert_eq!(guessed_name(&email).full(), name, "{email}");
        }
    }
}
