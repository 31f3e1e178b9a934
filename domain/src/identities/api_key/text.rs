//! How an API key is written.

use std::fmt;

/// What every key begins with, so that it is known for one wherever it turns up.
const PREFIX: &str = "apk_";
/// Between its parts.
const SEPARATOR: &str = "||";
/// In place of the `=` that base64 ends with, which would have to be escaped in addresses.
const END: char = '#';
/// Characters of the part that a key is found by: 18 random bytes in base64url.
pub const TOKEN_LENGTH: usize = 24;
/// Characters of the part that proves it, without its end: 32 random bytes in base64url.
const SECRET_LENGTH: usize = 43;

/// The two parts of a key. It can't be printed by accident: one is a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyText<'a> {
    /// What it is found by.
    pub token: &'a str,
    /// What proves it, without its end.
    pub secret: &'a str,
}

impl<'a> ApiKeyText<'a> {
    /// Reads a key; `None` for any other text.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (token, rest) = text.strip_prefix(PREFIX)?.split_once(SEPARATOR)?;
        let secret = rest.strip_suffix(END)?;
        let fits = |part: &str, length| part.len() == length && part.bytes().all(is_base64url);
        (fits(token, TOKEN_LENGTH) && fits(secret, SECRET_LENGTH)).then_some(Self { token, secret })
    }
    /// The whole key, for whoever it was made for.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}{SEPARATOR}{}{END}", self.token, self.secret)
    }
}

impl fmt::Debug for ApiKeyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyText({}…)", self.token)
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "abcdefghijklmnopqrstuv-_";

    fn secret() -> String {
        "Z".repeat(SECRET_LENGTH)
    }

    #[test]
    fn it_has_74_characters_and_reads_back() {
        let secret = secret();
        let key = ApiKeyText { token: TOKEN, secret: &secret };
        let text = key.expose();
        assert_eq!(text.len(), 74);
        assert_eq!(text, format!("apk_{TOKEN}||{secret}#"));
        assert_eq!(ApiKeyText::parse(&text), Some(key));
        assert!(!format!("{key:?}").contains(&secret));
    }

    #[test]
    fn everything_else_is_no_key() {
        let good = ApiKeyText { token: TOKEN, secret: &secret() }.expose();
        for bad in [
            String::new(),
            "apk_".to_owned(),
            good.replace("apk_", "APK_"),
            good.replace("apk_", "key_"),
            good.replace("||", "|"),
            good.replace("||", "||||"),
            good.replace('#', "="),
            good.replace('#', ""),
            good.replace('v', "+"),
            good.replace('v', "é"),
            good.replacen('Z', "", 1),
            good.replacen('a', "", 1),
            format!("{good}#"),
            format!(" {good}"),
        ] {
            assert_eq!(ApiKeyText::parse(&bad), None, "{bad}");
        }
    }
}
