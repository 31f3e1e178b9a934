//! Proofs of Chargebee that a notification is its own.

use application::{
    call::BasicCredentials,
    ports::{BillingProofs, Proof},
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use domain::kernel::Timestamp;

use crate::{flood::Flood, secret::Secret};

/// User and password that notifications come with. Without a user, none is good.
#[derive(Default)]
pub struct WebhookCredentials {
    user: Option<Secret>,
    password: Option<Secret>,
    flood: Flood,
}

impl WebhookCredentials {
    /// As they were set up at Chargebee.
    #[must_use]
    pub fn new(user: Option<Secret>, password: Option<Secret>) -> Self {
        let given = |secret: &Secret| !secret.expose().is_empty();
        Self { user: user.filter(given), password: password.filter(given), flood: Flood::default() }
    }

    /// A user alone is enough; a password that comes along must be the right one.
    fn is_good(&self, given: Option<&BasicCredentials>) -> bool {
        let (Some(user), Some(given)) = (&self.user, given) else { return false };
        let password = match (&self.password, given.password.as_str()) {
            (_, "") => true,
            (Some(password), given) => is_same(password.expose(), given),
            (None, _) => false,
        };
        is_same(user.expose(), &given.user) & password
    }
}

/// In a time that tells nothing, not even of the length.
fn is_same(one: &str, other: &str) -> bool {
    let hashed = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
    verify_slices_are_equal(hashed(one).as_ref(), hashed(other).as_ref()).is_ok()
}

impl BillingProofs for WebhookCredentials {
    fn chargebee(&self, given: Option<&BasicCredentials>, now: Timestamp) -> Proof {
        self.flood.judged(self.is_good(given), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(known: (&str, &str), user: &str, password: &str) -> bool {
        let secret = |text: &str| Some(Secret::new(text));
        let credentials = WebhookCredentials::new(secret(known.0), secret(known.1));
        let given = BasicCredentials { user: user.into(), password: password.into() };
        credentials.is_good(Some(&given))
    }

    #[test]
    fn the_user_must_be_right_and_a_password_if_there_is_one() {
        assert!(judged(("auser", "apassword"), "auser", "apassword"));
        assert!(judged(("auser", "apassword"), "auser", ""), "a user alone is enough");
        assert!(judged(("auser", ""), "auser", ""));
        for (known, user, password) in [
            (("auser", "apassword"), "AUser", "apassword"),
            (("auser", "apassword"), "auser", "another"),
            (("auser", "apassword"), "", "apassword"),
            (("auser", ""), "auser", "apassword"),
            (("", ""), "", ""),
        ] {
            assert!(!judged(known, user, password), "{known:?} {user} {password}");
        }
        assert!(!WebhookCredentials::new(Some(Secret::new("auser")), None).is_good(None));
    }
}
