//! Reading input: every field is optional in the input type and judged here, so that all failures
//! are reported at once.

use domain::kernel::{DomainError, EmailAddress, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{Error, Result, error::FieldError};

/// A field that was read, or why it could not be.
pub type Field<T> = std::result::Result<T, FieldError>;

/// A group of fields that succeed or fail together.
pub trait Fields {
    /// Their values.
    type Values;
    /// All values, or all failures in order.
    ///
    /// # Errors
    /// The failures, never none.
    fn values(self) -> std::result::Result<Self::Values, Vec<FieldError>>;
}

macro_rules! fields {
    ($($name:ident),+) => {
        impl<$($name),+> Fields for ($(Field<$name>,)+) {
            type Values = ($($name,)+);
            #[expect(non_snake_case, reason = "one name per type parameter")]
            fn values(self) -> std::result::Result<Self::Values, Vec<FieldError>> {
                let ($($name,)+) = self;
                match ($($name,)+) {
                    ($(Ok($name),)+) => Ok(($($name,)+)),
                    ($($name,)+) => Err([$($name.err()),+].into_iter().flatten().collect()),
                }
            }
        }
    };
}
fields!(A);
fields!(A, B);
fields!(A, B, C);
fields!(A, B, C, D);
fields!(A, B, C, D, E);
fields!(A, B, C, D, E, F);
fields!(A, B, C, D, E, F, G);
fields!(A, B, C, D, E, F, G, H);
fields!(A, B, C, D, E, F, G, H, I);

/// All values of a tuple of fields.
///
/// # Errors
/// [`Error::Validation`] with every failure, in order.
pub fn parse_all<T: Fields>(fields: T) -> Result<T::Values> {
    fields.values().map_err(Error::Validation)
}

/// A field that must be there and that a domain type reads.
///
/// # Errors
/// `NotEmptyValidator` if it is missing or empty, `rule` if the domain type refuses it.
pub fn required<T, E: DomainError>(
    name: &str,
    text: Option<&str>,
    rule: &'static str,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Field<T> {
    let text = present(name, text)?;
    parse(text).map_err(|error| refused(rule, format!("The {name} is invalid: {error}"), text))
}

/// The id of something; as [`required`] with the rule of ids.
///
/// # Errors
/// As [`required`].
pub fn id<T, E: DomainError>(
    name: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Field<T> {
    required(name, text, "PredicateValidator", parse)
}

/// A text that must be there and pass a check.
///
/// # Errors
/// `NotEmptyValidator` if it is missing or empty, `RegularExpressionValidator` if the check fails.
pub fn text<'a>(
    name: &str,
    text: Option<&'a str>,
    fits: impl FnOnce(&str) -> bool,
) -> Field<&'a str> {
    let text = present(name, text)?;
    if fits(text) {
        Ok(text)
    } else {
        Err(refused("RegularExpressionValidator", format!("The {name} is invalid"), text))
    }
}

/// The e-mail address of somebody.
///
/// # Errors
/// As [`required`], with the rule of addresses.
pub fn email(name: &str, text: Option<&str>) -> Field<EmailAddress> {
    required(name, text, "EmailAddressValidator", EmailAddress::parse)
}

/// A field whose value nobody is shown, not even whoever sent it: a password, a token.
///
/// # Errors
/// Those of the field, without its value.
pub fn secret<T>(field: Field<T>) -> Field<T> {
    field.map_err(|error| FieldError { value: None, ..error })
}

/// A check that belongs to no other helper.
///
/// # Errors
/// The rule with the reason, unless `holds`.
pub fn check(rule: &'static str, holds: bool, reason: &str, value: Value) -> Field<()> {
    if holds {
        Ok(())
    } else {
        Err(FieldError { reason: reason.to_owned(), rule, value: Some(value) })
    }
}

fn present<'a>(name: &str, text: Option<&'a str>) -> Field<&'a str> {
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| FieldError {
        reason: format!("'{}' must not be empty.", title(name)),
        rule: "NotEmptyValidator",
        value: text.map(Value::from),
    })
}

fn refused(rule: &'static str, reason: String, value: &str) -> FieldError {
    FieldError { reason, rule, value: Some(Value::from(value)) }
}

/// `numberPlate` becomes `Number Plate`.
#[must_use]
pub fn title(name: &str) -> String {
    let mut title = String::with_capacity(name.len() + 4);
    for (index, c) in name.chars().enumerate() {
        if index == 0 {
            title.extend(c.to_uppercase());
        } else {
            if c.is_uppercase() {
                title.push(' ');
            }
            title.push(c);
        }
    }
    title
}

/// A date as clients send it: ISO 8601 (extended or basic form, `Z` or an offset) or unix seconds.
/// What can't be read counts as not set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum RawDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    Unix(i64),
    /// ISO 8601.
    Text(String),
}

impl RawDate {
    /// The point in time, or `None` if it can't be read.
    #[must_use]
    pub fn read(&self) -> Option<Timestamp> {
        self.exact().map(Timestamp::new)
    }
    /// As [`Self::read`], as exact as it was sent.
    #[must_use]
    pub fn exact(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Unix(seconds) => OffsetDateTime::from_unix_timestamp(*seconds).ok(),
            Self::Text(text) => read_date(text.trim()),
        }
    }
}

impl utoipa::PartialSchema for RawDate {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl utoipa::ToSchema for RawDate {}

impl From<&RawDate> for Value {
    fn from(date: &RawDate) -> Self {
        match date {
            RawDate::Unix(seconds) => Self::from(*seconds),
            RawDate::Text(text) => Self::from(text.as_str()),
        }
    }
}

fn read_date(text: &str) -> Option<OffsetDateTime> {
    use time::{format_description::well_known::Rfc3339, macros::format_description as form};
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(at);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return OffsetDateTime::from_unix_timestamp(seconds).ok();
    }
    if let Ok(at) =
        time::PrimitiveDateTime::parse(text, form!("[year][month][day]T[hour][minute][second]Z"))
    {
        return Some(at.assume_utc());
    }
    let hours = form!("[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]");
    OffsetDateTime::parse(text, hours).ok()
}

/// A date that must be set.
///
/// # Errors
/// `NotEmptyValidator` if it is missing or unreadable.
pub fn date(name: &str, date: Option<&RawDate>) -> Field<Timestamp> {
    date.and_then(RawDate::read).ok_or_else(|| FieldError {
        reason: format!("The {name} is either missing or invalid"),
        rule: "NotEmptyValidator",
        value: date.map(Value::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_date() {
        let expected = Timestamp::parse("2026-01-02T03:04:05Z").expect("valid");
        for text in [
            "2026-01-02T03:04:05Z",
            "20260102T030405Z",
            "2026-01-02T05:04:05+02",
            "2026-01-02T05:04:05+02:00",
            "1767323045",
        ] {
            assert_eq!(RawDate::Text(text.into()).read(), Some(expected), "{text}");
        }
        assert_eq!(RawDate::Unix(1_767_323_045).read(), Some(expected));
        assert_eq!(RawDate::Text("tomorrow".into()).read(), None);
    }

    #[test]
    fn reports_every_failing_field_in_order() {
        let failures = parse_all((
            text("make", None, |_| true),
            text("model", Some("x"), |_| true),
            text("numberPlate", Some("?"), |_| false),
        ));
        let Err(Error::Validation(failures)) = failures else { panic!("expected failures") };
        let rules: Vec<_> = failures.iter().map(|f| (f.rule, f.reason.as_str())).collect();
        assert_eq!(
            rules,
            [
                ("NotEmptyValidator", "'Make' must not be empty."),
                ("RegularExpressionValidator", "The numberPlate is invalid"),
            ]
        );
    }
}
