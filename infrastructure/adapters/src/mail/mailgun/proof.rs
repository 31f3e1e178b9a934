//! Proofs of Mailgun that a notification is its own.

use application::ports::{Proof, WebhookProofs};
use aws_lc_rs::hmac;
use domain::kernel::Timestamp;
use time::Duration;

use crate::{flood::Flood, secret::Secret, signatures::unhex};

/// How old a proof may be: it is sent again for hours while we do not answer.
const OLDEST: Duration = Duration::hours(12);
/// How far ahead their clock may be.
const AHEAD: Duration = Duration::minutes(5);

/// Judges proofs with the key that signs them; without one, none is good.
pub struct MailgunProofs {
    key: Option<hmac::Key>,
    flood: Flood,
}

impl MailgunProofs {
    /// With the account's key for webhooks.
    #[must_use]
    pub fn new(key: Option<&Secret>) -> Self {
        let key = key.filter(|key| !key.expose().is_empty());
        let key = key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes()));
        Self { key, flood: Flood::default() }
    }

    fn is_good(&self, timestamp: &str, token: &str, signature: &str) -> bool {
        let (Some(key), Some(tag)) = (&self.key, unhex(signature)) else { return false };
        let signed = [timestamp.as_bytes(), token.as_bytes()].concat();
        hmac::verify(key, &signed, &tag).is_ok()
    }
}

/// Testing builds take the well-known proof, whose time is long ago.
fn is_fresh(timestamp: &str, now: Timestamp) -> bool {
    if cfg!(feature = "testing-only") {
        return true;
    }
    let Ok(seconds) = timestamp.parse::<i64>() else { return false };
    let age = Duration::seconds(now.get().unix_timestamp().saturating_sub(seconds));
    age <= OLDEST && age >= -AHEAD
}

impl WebhookProofs for MailgunProofs {
    fn mailgun(&self, timestamp: &str, token: &str, signature: &str, now: Timestamp) -> Proof {
        let is_good = self.is_good(timestamp, token, signature) && is_fresh(timestamp, now);
        self.flood.judged(is_good, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "bf106940253fa7477ba4b55a027126b70037ce9b00e67aa3bf4f5bab2775d3e1";

    fn proofs() -> MailgunProofs {
        MailgunProofs::new(Some(&Secret::new("asecret")))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(time::OffsetDateTime::from_unix_timestamp(seconds).unwrap())
    }

    #[test]
    fn only_the_key_makes_good_ones() {
        assert_eq!(proofs().mailgun("1", "atoken", GOOD, at(2)), Proof::Good);
        let bad = Proof::Bad { counted: false };
        for (timestamp, token, signature) in [
            ("2", "atoken", GOOD),
            ("1", "another", GOOD),
            ("1", "atoken", &GOOD.to_uppercase()),
            ("1", "atoken", ""),
            ("", "", ""),
        ] {
            assert_eq!(proofs().mailgun(timestamp, token, signature, at(2)), bad);
        }
        assert_eq!(MailgunProofs::new(None).mailgun("1", "atoken", GOOD, at(2)), bad);
        let empty = MailgunProofs::new(Some(&Secret::new("")));
        assert_eq!(empty.mailgun("1", "atoken", GOOD, at(2)), bad);
    }

    #[cfg(not(feature = "testing-only"))]
    #[test]
    fn old_ones_are_good_no_more() {
        let day = 24 * 60 * 60;
        assert_eq!(proofs().mailgun("1", "atoken", GOOD, at(day)), Proof::Bad { counted: false });
        assert_eq!(proofs().mailgun("1", "atoken", GOOD, at(day / 2)), Proof::Good);
    }
}
