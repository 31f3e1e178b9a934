//! The fields of an input: what its schema says, flattened parts included.

use std::collections::BTreeMap;

use utoipa::openapi::{Object, ObjectBuilder, RefOr, Schema};

use crate::http::route::Described;

/// One field of an input.
#[derive(Clone)]
pub struct Field {
    /// Its name in JSON.
    pub name: String,
    /// Whether a call without it fails.
    pub required: bool,
    /// What it holds.
    pub schema: RefOr<Schema>,
}

impl Field {
    /// The doc text of the field.
    pub fn description(&self) -> Option<String> {
        description(&self.schema)
    }
    /// What it holds, without the doc text.
    pub fn bare_schema(&self) -> RefOr<Schema> {
        let mut schema = self.schema.clone();
        match &mut schema {
            RefOr::T(Schema::Object(object)) => object.description = None,
            RefOr::T(Schema::Array(array)) => array.description = None,
            RefOr::T(Schema::OneOf(one_of)) => one_of.description = None,
            _ => {}
        }
        schema
    }
}

/// All fields in the order of their declaration.
pub fn of(described: &Described) -> Vec<Field> {
    let components: BTreeMap<&str, &RefOr<Schema>> =
        described.components.iter().map(|(name, schema)| (name.as_str(), schema)).collect();
    let mut fields = Vec::new();
    collect(&described.schema, &components, &mut fields);
    fields
}

fn collect(
    schema: &RefOr<Schema>,
    components: &BTreeMap<&str, &RefOr<Schema>>,
    fields: &mut Vec<Field>,
) {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            if let Some(schema) = components.get(name) {
                collect(schema, components, fields);
            }
        }
        RefOr::T(Schema::Object(object)) => {
            fields.extend(object.properties.iter().map(|(name, schema)| Field {
                name: name.clone(),
                required: object.required.contains(name),
                schema: schema.clone(),
            }));
        }
        RefOr::T(Schema::AllOf(all)) => {
            for item in &all.items {
                collect(item, components, fields);
            }
        }
        RefOr::T(_) => {}
    }
}

/// An object of these fields.
pub fn object(fields: impl IntoIterator<Item = Field>) -> Object {
    fields
        .into_iter()
        .fold(ObjectBuilder::new(), |object, field| {
            let object = if field.required { object.required(&field.name) } else { object };
            object.property(field.name, field.schema)
        })
        .build()
}

/// The doc text of a schema.
pub fn description(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => {
            Some(reference.description.clone()).filter(|text| !text.is_empty())
        }
        RefOr::T(Schema::Object(object)) => object.description.clone(),
        RefOr::T(Schema::Array(array)) => array.description.clone(),
        RefOr::T(Schema::OneOf(one_of)) => one_of.description.clone(),
        RefOr::T(Schema::AllOf(all_of)) => all_of.description.clone(),
        RefOr::T(Schema::AnyOf(any_of)) => any_of.description.clone(),
        RefOr::T(_) => None,
    }
}
