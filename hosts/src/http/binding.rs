//! From body, query and path to the input of a use case.

use std::borrow::Cow;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use application::{Error, Result};
use serde_json::{Map, Value};

use super::{
    multipart,
    pairs::Pairs,
    route::{Encoding, Verb},
    shape::{Members, malformed},
};

/// The body of a request, read but not yet judged.
#[derive(Debug)]
pub enum Body<'a> {
    /// None, or one of a type that the route does not read.
    Absent,
    /// A JSON object.
    Json(Map<String, Value>),
    /// Fields of a form.
    Form(Pairs<'a>),
    /// Why it can't be read.
    Malformed(String),
}

impl<'a> Body<'a> {
    /// Reads the body of a request. Bodies of queries are not looked at.
    #[must_use]
    pub fn read(verb: Verb, encoding: Encoding, headers: &HeaderMap, bytes: &'a [u8]) -> Self {
        if bytes.is_empty() || verb == Verb::Get {
            return Self::Absent;
        }
        let Some(sent) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
            return Self::Absent;
        };
        let essence = sent.split(';').next().unwrap_or_default().trim();
        match encoding {
            Encoding::Json if is_json(essence) => Self::json(bytes),
            Encoding::UrlEncoded
                if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") =>
            {
                std::str::from_utf8(bytes).map_or_else(
                    |_| Self::Malformed("The form is not UTF-8".to_owned()),
                    |text| Self::Form(Pairs::parse(text)),
                )
            }
            Encoding::Multipart if essence.eq_ignore_ascii_case("multipart/form-data") => {
                multipart::fields(sent, bytes).map_or_else(
                    || Self::Malformed("The form is not well-formed".to_owned()),
                    Self::Form,
                )
            }
            _ => Self::Absent,
        }
    }

    fn json(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => Self::Json(object),
            Ok(Value::Null) => Self::Absent,
            Ok(_) => Self::Malformed("The body must be a JSON object".to_owned()),
            Err(error) => Self::Malformed(format!("The body is not valid JSON: {error}")),
        }
    }

    /// Every text that the body gives a name, whatever its case.
    pub fn all<'s>(&'s self, name: &'s str) -> Box<dyn Iterator<Item = &'s str> + 's> {
        match self {
            Self::Json(object) => Box::new(
                object
                    .iter()
                    .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
                    .filter_map(|(_, value)| value.as_str()),
            ),
            Self::Form(pairs) => Box::new(pairs.all(name)),
            Self::Absent | Self::Malformed(_) => Box::new(std::iter::empty()),
        }
    }
}

fn is_json(essence: &str) -> bool {
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

/// The values of a path, as declared and percent-decoded.
pub type Parameters<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// Joins everything into the input: body, then query, then path; for forms the form comes last.
///
/// # Errors
/// Invalid, with a detail that does not repeat what was sent.
pub fn bind(
    members: &Members,
    body: Body<'_>,
    query: &Pairs<'_>,
    parameters: &Parameters<'_>,
) -> Result<Map<String, Value>> {
    if query.malformed {
        return Err(malformed("The query string is too long or not UTF-8"));
    }
    let (mut input, form) = match body {
        Body::Absent => (Map::new(), None),
        Body::Json(object) => (members.fit(object)?, None),
        Body::Form(form) if form.malformed => {
            return Err(malformed("The form is too long or not UTF-8"));
        }
        Body::Form(form) => (Map::new(), Some(form)),
        Body::Malformed(why) => return Err(malformed(why)),
    };
    overwrite(&mut input, members, query.iter())?;
    let path = parameters.iter().map(|(name, value)| (*name, value.as_ref()));
    overwrite(&mut input, members, path)?;
    if let Some(form) = &form {
        overwrite(&mut input, members, form.iter())?;
    }
    Ok(input)
}

/// A name that comes again adds to a list and replaces anything else.
fn overwrite<'a>(
    input: &mut Map<String, Value>,
    members: &Members,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<()> {
    let mut lists: Vec<&str> = vec![];
    for (name, text) in pairs {
        let Some((name, shape)) = members.get(name.strip_suffix("[]").unwrap_or(name)) else {
            continue;
        };
        let read = shape.read(text).map_err(|misfit| Error::from(misfit.within(name)))?;
        let Some(value) = read else { continue };
        match (value, input.get_mut(name)) {
            (Value::Array(more), Some(Value::Array(known))) if lists.contains(&name) => {
                known.extend(more);
            }
            (value, _) => {
                if value.is_array() {
                    lists.push(name);
                }
                input.insert(name.to_owned(), value);
            }
        }
    }
    Ok(())
}
