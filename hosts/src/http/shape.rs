//! What an input wants, derived once from its schema: names, types and bounds of its members.

use application::{Error, Result};
use domain::kernel::ErrorKind;
use serde_json::{Map, Number, Value};
use utoipa::openapi::{
    KnownFormat, RefOr, Schema, SchemaFormat,
    schema::{ArrayItems, Object, SchemaType, Type},
};

use super::route::Described;

/// Schemas nested deeper than this are taken as they come.
const DEPTH: usize = 16;

/// What a value must look like.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// A date as text, or unix seconds as a number.
    Date,
    /// A whole number within bounds.
    Integer(i64, u64),
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of these names, whatever the case.
    Name(Vec<String>),
    /// Any number of one shape.
    List(Box<Self>),
    /// Members by name.
    Object(Members),
}

/// The members of an object. Others are dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members(Vec<(String, Shape)>);

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    path: String,
    wanted: String,
}

impl From<Misfit> for Error {
    fn from(misfit: Misfit) -> Self {
        let Misfit { path, wanted } = misfit;
        malformed(format!("The '{path}' must be {wanted}"))
    }
}

/// A request that can't be read. `detail` must not repeat what was sent: it may be a secret.
pub fn malformed(detail: impl Into<String>) -> Error {
    Error::refused(ErrorKind::Invalid, "malformed_request", detail)
}

impl Members {
    /// Reads the schema of an input.
    #[must_use]
    pub fn of(input: &Described) -> Self {
        let mut members = Self::default();
        members.extend(&input.schema, input, DEPTH);
        members
    }

    fn extend(&mut self, schema: &RefOr<Schema>, all: &Described, depth: usize) {
        match resolve(schema, all) {
            Some(Schema::Object(object)) => {
                for (name, schema) in &object.properties {
                    self.0.push((name.clone(), shape(schema, all, depth)));
                }
            }
            Some(Schema::AllOf(parts)) => {
                for part in &parts.items {
                    self.extend(part, all, depth);
                }
            }
            _ => {}
        }
    }

    /// A member by name. Case does not matter; an underscore in the declared name may be left out.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&str, &Shape)> {
        let same = |declared: &str| declared.eq_ignore_ascii_case(name);
        let bare = |declared: &str| {
            declared.contains('_')
                && declared
                    .bytes()
                    .filter(|b| *b != b'_')
                    .map(|b| b.to_ascii_lowercase())
                    .eq(name.bytes().map(|b| b.to_ascii_lowercase()))
        };
        self.0
            .iter()
            .find(|(declared, _)| same(declared))
            .or_else(|| self.0.iter().find(|(declared, _)| bare(declared)))
            .map(|(declared, shape)| (declared.as_str(), shape))
    }

    /// Keeps what fits, under the declared names.
    ///
    /// # Errors
    /// [`Misfit`] for the first member of another type.
    pub fn fit(&self, object: Map<String, Value>) -> Result<Map<String, Value>, Misfit> {
        let mut kept = Map::new();
        for (name, value) in object {
            let Some((name, shape)) = self.get(&name).filter(|_| !value.is_null()) else {
                continue;
            };
            kept.insert(name.to_owned(), shape.fit(value).map_err(|misfit| misfit.within(name))?);
        }
        Ok(kept)
    }
}

impl Shape {
    /// Keeps what fits of a JSON value.
    ///
    /// # Errors
    /// [`Misfit`] for another type.
    pub fn fit(&self, value: Value) -> Result<Value, Misfit> {
        match (self, value) {
            (Self::Text | Self::Date, Value::String(text)) => clean(text).map(Value::String),
            (Self::Date, Value::Number(number)) if number.is_i64() => Ok(Value::Number(number)),
            (Self::Integer(min, max), Value::Number(number)) => {
                let fits = number.as_i64().map_or_else(
                    || number.as_u64().is_some_and(|n| n <= *max),
                    |n| n >= *min && u64::try_from(n).map_or(true, |n| n <= *max),
                );
                if fits { Ok(Value::Number(number)) } else { Err(self.misfit()) }
            }
            (Self::Number, value @ Value::Number(_)) | (Self::Boolean, value @ Value::Bool(_)) => {
                Ok(value)
            }
            (Self::Name(names), Value::String(text)) => names
                .iter()
                .find(|name| name.eq_ignore_ascii_case(&text))
                .map(|name| Value::String(name.clone()))
                .ok_or_else(|| self.misfit()),
            (Self::List(item), Value::Array(values)) => values
                .into_iter()
                .enumerate()
                .map(|(at, value)| item.fit(value).map_err(|m| m.within(&at.to_string())))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            (Self::Object(members), Value::Object(object)) => {
                members.fit(object).map(Value::Object)
            }
            (Self::Any, value) => clean_all(value),
            _ => Err(self.misfit()),
        }
    }

    /// Reads the text of a path, a query or a form. Nothing for an empty text that is no text.
    ///
    /// # Errors
    /// [`Misfit`] if it reads as another type.
    pub fn read(&self, text: &str) -> Result<Option<Value>, Misfit> {
        let value = match self {
            Self::Text | Self::Date | Self::Any => Value::from(text),
            _ if text.trim().is_empty() => return Ok(None),
            Self::Integer(..) => {
                let signed = text.parse::<i64>().map(Number::from);
                signed
                    .or_else(|_| text.parse::<u64>().map(Number::from))
                    .map(Value::Number)
                    .map_err(|_| self.misfit())?
            }
            Self::Number => {
                let number = text.parse::<f64>().ok().and_then(Number::from_f64);
                Value::Number(number.ok_or_else(|| self.misfit())?)
            }
            Self::Boolean => match text {
                _ if text.eq_ignore_ascii_case("true") => Value::Bool(true),
                _ if text.eq_ignore_ascii_case("false") => Value::Bool(false),
                _ => return Err(self.misfit()),
            },
            Self::Name(_) => Value::from(text),
            Self::List(item) => {
                return Ok(item.read(text)?.map(|value| Value::Array(vec![value])));
            }
            Self::Object(_) => return Err(self.misfit()),
        };
        self.fit(value).map(Some)
    }

    fn misfit(&self) -> Misfit {
        let wanted = match self {
            Self::Any => "a value".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Date => "a date: a text in ISO 8601 or a number of unix seconds".to_owned(),
            Self::Integer(min, max) => format!("a whole number from {min} to {max}"),
            Self::Number => "a number".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Name(names) => format!("one of: {}", names.join(", ")),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        };
        Misfit { path: String::new(), wanted }
    }
}

impl Misfit {
    /// Puts the name of what holds it in front.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        self.path =
            if self.path.is_empty() { name.to_owned() } else { format!("{name}.{}", self.path) };
        self
    }
}

/// Stores can't hold NUL characters.
fn clean(text: String) -> Result<String, Misfit> {
    if text.contains('\0') {
        let wanted = "a text without NUL characters".to_owned();
        return Err(Misfit { path: String::new(), wanted });
    }
    Ok(text)
}

fn clean_all(value: Value) -> Result<Value, Misfit> {
    Ok(match value {
        Value::String(text) => Value::String(clean(text)?),
        Value::Array(values) => {
            Value::Array(values.into_iter().map(clean_all).collect::<Result<_, _>>()?)
        }
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(name, value)| Ok((clean(name)?, clean_all(value)?)))
                .collect::<Result<_, Misfit>>()?,
        ),
        other => other,
    })
}

/// The schema behind a reference.
pub fn resolve<'a>(schema: &'a RefOr<Schema>, all: &'a Described) -> Option<&'a Schema> {
    let mut schema = schema;
    for _ in 0..DEPTH {
        match schema {
            RefOr::T(schema) => return Some(schema),
            RefOr::Ref(reference) => schema = component(&reference.ref_location, all)?,
        }
    }
    None
}

fn component<'a>(location: &str, all: &'a Described) -> Option<&'a RefOr<Schema>> {
    let name = name_of(location);
    all.components.iter().find(|(known, _)| known == name).map(|(_, schema)| schema)
}

/// The name that a reference ends with.
#[must_use]
pub fn name_of(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or(location)
}

/// The one member of a union that is not null.
#[must_use]
pub fn only(items: &[RefOr<Schema>]) -> Option<&RefOr<Schema>> {
    let mut others = items.iter().filter(|item| !is_null(item));
    let first = others.next()?;
    others.next().is_none().then_some(first)
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object))
        if matches!(&object.schema_type, SchemaType::Type(Type::Null)))
}

/// The type of an object's schema, without `null`.
#[must_use]
pub fn type_of(schema: &SchemaType) -> Option<Type> {
    match schema {
        SchemaType::Type(one) => Some(one.clone()),
        SchemaType::Array(several) => {
            let mut others = several.iter().filter(|one| **one != Type::Null);
            let first = others.next()?;
            others.next().is_none().then(|| first.clone())
        }
        SchemaType::AnyValue => None,
    }
}

fn shape(schema: &RefOr<Schema>, all: &Described, depth: usize) -> Shape {
    let Some(depth) = depth.checked_sub(1) else { return Shape::Any };
    match resolve(schema, all) {
        Some(Schema::Object(object)) => object_shape(object, schema, all, depth),
        Some(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(item) => Shape::List(Box::new(shape(item, all, depth))),
            ArrayItems::False => Shape::Any,
        },
        Some(Schema::OneOf(union)) => {
            only(&union.items).map_or(Shape::Any, |schema| shape(schema, all, depth))
        }
        Some(Schema::AllOf(_)) => {
            let mut members = Members::default();
            members.extend(schema, all, depth);
            Shape::Object(members)
        }
        _ => Shape::Any,
    }
}

fn object_shape(object: &Object, schema: &RefOr<Schema>, all: &Described, depth: usize) -> Shape {
    if let Some(names) = &object.enum_values {
        let names = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        return Shape::Name(names);
    }
    match type_of(&object.schema_type) {
        Some(Type::String) => match object.format {
            Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) => Shape::Date,
            _ => Shape::Text,
        },
        Some(Type::Integer) => match object.format {
            Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) => {
                Shape::Integer(i32::MIN.into(), u64::from(i32::MAX.unsigned_abs()))
            }
            _ => Shape::Integer(i64::MIN, i64::MAX.unsigned_abs()),
        },
        Some(Type::Number) => Shape::Number,
        Some(Type::Boolean) => Shape::Boolean,
        Some(Type::Object) if !object.properties.is_empty() => {
            let mut members = Members::default();
            members.extend(schema, all, depth);
            Shape::Object(members)
        }
        _ => Shape::Any,
    }
}
