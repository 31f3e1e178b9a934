//! Signatures of request bodies with a shared secret (HMAC-SHA256).

use aws_lc_rs::hmac;

use crate::secret::Secret;

/// What precedes the digits.
const SCHEME: &str = "sha256=";
/// What is signed in place of an empty body.
const EMPTY: &[u8] = b"{}";

/// Signs and checks bodies with one secret.
pub struct Signatures(hmac::Key);

impl Signatures {
    /// With the shared secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()))
    }
    /// The header's value for a body: `sha256=` and 64 lower-case hex digits.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        use std::fmt::Write;
        let mut text = SCHEME.to_owned();
        for byte in hmac::sign(&self.0, text_of(body)).as_ref() {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
    /// Whether the header's value is the signature of the body; takes the same time wherever they
    /// differ.
    #[must_use]
    pub fn verify(&self, body: &[u8], header: &str) -> bool {
        let Some(tag) = header.strip_prefix(SCHEME).and_then(unhex) else { return false };
        hmac::verify(&self.0, text_of(body), &tag).is_ok()
    }
}

fn text_of(body: &[u8]) -> &[u8] {
    if body.is_empty() { EMPTY } else { body }
}

pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_every_other_implementation_does() {
        // RFC 4231, test case 2.
        let signatures = Signatures::new(&Secret::new("Jefe"));
        assert_eq!(
            signatures.sign(b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn an_empty_body_is_signed_as_an_empty_object() {
        let signatures = Signatures::new(&Secret::new("asecret"));
        assert_eq!(signatures.sign(b""), signatures.sign(b"{}"));
        assert!(signatures.verify(b"", &signatures.sign(b"{}")));
    }

    #[test]
    fn refuses_everything_else() {
        let signatures = Signatures::new(&Secret::new("asecret"));
        let good = signatures.sign(b"body");
        assert!(signatures.verify(b"body", &good));
        assert!(!signatures.verify(b"Body", &good));
        assert!(!Signatures::new(&Secret::new("another")).verify(b"body", &good));
        for bad in [
            "",
            "sha256=",
            &good[7..],
            &good.to_uppercase(),
            "sha256=zz",
            &format!("{good}00"),
            "sha256=é",
        ] {
            assert!(!signatures.verify(b"body", bad), "{bad}");
        }
    }
}
