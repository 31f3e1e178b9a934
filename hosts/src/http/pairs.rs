//! Names and values of query strings and url-encoded forms.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// More pairs than this are not looked at.
const MOST: usize = 1000;

/// Decoded pairs in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether something was left out: no UTF-8, or too many pairs.
    pub malformed: bool,
}

impl<'a> Pairs<'a> {
    /// Reads `a=1&b=2`; `+` is a space.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut pairs = Self::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) if pairs.pairs.len() < MOST => {
                    pairs.pairs.push((name, value));
                }
                _ => pairs.malformed = true,
            }
        }
        pairs
    }
    /// Adds one more.
    pub fn push(&mut self, name: String, value: String) {
        if self.pairs.len() < MOST {
            self.pairs.push((name.into(), value.into()));
        } else {
            self.malformed = true;
        }
    }
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
    /// Every value of a name, whatever its case.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
    /// The first value of a name that is not empty.
    #[must_use]
    pub fn get<'s>(&'s self, name: &'s str) -> Option<&'s str> {
        self.all(name).find(|value| !value.is_empty())
    }
}

/// A name or value as it was meant; `None` if it is no UTF-8.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_names_and_values() {
        let pairs = Pairs::parse("Sort=%2Bname&q=a+b&empty=&flag&q=c");
        let all: Vec<_> = pairs.iter().collect();
        assert_eq!(all, [("Sort", "+name"), ("q", "a b"), ("empty", ""), ("flag", ""), ("q", "c")]);
        assert_eq!(pairs.get("sort"), Some("+name"));
        assert_eq!(pairs.get("empty"), None);
    }

    #[test]
    fn what_is_no_utf_8_is_noticed() {
        assert!(Pairs::parse("a=%ff").malformed);
        assert!(!Pairs::parse("a=%C3%A4").malformed);
    }
}
