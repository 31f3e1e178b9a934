//! What lets whoever reads it into an account, made unreadable.

/// What takes its place.
const MASK: &str = "***";
/// Names in links whose values let people in.
const NAMES: [&str; 4] = ["token=", "code=", "otp=", "secret="];

/// The text as operators may see it: without the secrets that are named, also where they are
/// encoded, and without the values of links that carry such. Testing builds show everything.
#[must_use]
pub fn shown(text: &str, secrets: &[String]) -> String {
    if cfg!(feature = "testing-only") { text.to_owned() } else { masked(text, secrets) }
}

fn masked(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, MASK).replace(&encoded(secret), MASK);
    }
    NAMES.iter().fold(text, |text, name| without_values(&text, name))
}

/// As links have it.
fn encoded(secret: &str) -> String {
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let letter = |b: u8| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    secret.bytes().map(letter).collect()
}

fn without_values(text: &str, name: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find(name)) {
        let value = at + found + name.len();
        let rest = text.get(value..).unwrap_or_default();
        let length = rest.find(ends).unwrap_or(rest.len());
        shown.push_str(text.get(at..value).unwrap_or_default());
        if length > 0 {
            shown.push_str(MASK);
        }
        at = value + length;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

/// Whether a character is not part of a value in a link.
fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left() {
        let body = "<a href=\"https://x/y?a=1&token=a%2Bb_c\">here</a> or https://x?TOKEN=a%2Bb_c \
            and type a+b_c";
        let expected = "<a href=\"https://x/y?a=1&token=***\">here</a> or https://x?TOKEN=*** \
            and type ***";
        assert_eq!(masked(body, &["a+b_c".into()]), expected);
        // Whoever wrote it did not say what is secret.
        let links = "<a href=\"https://x?token=abc&amp;code=123#z\">x</a>";
        assert_eq!(masked(links, &[]), "<a href=\"https://x?token=***&amp;code=***#z\">x</a>");
        assert_eq!(masked("Your code is 123456", &["123456".into()]), "Your code is ***");
    }

    #[test]
    fn the_rest_stays_as_it_is() {
        for text in ["", "token=", "Ünïcode İ token", "no links", "tokens = 1"] {
            assert_eq!(masked(text, &[String::new()]), text);
        }
    }
}
