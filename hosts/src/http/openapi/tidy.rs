//! Schemas as the wire has them: a member that has nothing to say is left out, never `null`;
//! the members that are always there are listed by name.

use utoipa::openapi::{
    RefOr, Schema,
    schema::{ArrayItems, SchemaType, Type},
};

/// Removes `null` from everything that the schema allows.
pub fn without_null(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(one_of)) = schema {
        one_of.items.retain(|item| !is_null(item));
        if let [only] = one_of.items.as_slice() {
            let description = one_of.description.take();
            *schema = described(only.clone(), description);
        }
    }
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            not_null(&mut object.schema_type);
            object.required.sort_by_key(|name| name.to_lowercase());
            object.properties.values_mut().for_each(without_null);
        }
        Schema::Array(array) => {
            not_null(&mut array.schema_type);
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                without_null(items);
            }
        }
        Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(without_null),
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(without_null),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if matches!(object.schema_type, SchemaType::Type(Type::Null)))
}

fn not_null(schema_type: &mut SchemaType) {
    if let SchemaType::Array(types) = schema_type {
        types.retain(|one| *one != Type::Null);
        if let [only] = types.as_slice() {
            *schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn described(mut schema: RefOr<Schema>, description: Option<String>) -> RefOr<Schema> {
    if let (RefOr::Ref(reference), Some(description)) = (&mut schema, description) {
        reference.description = description;
    }
    schema
}
