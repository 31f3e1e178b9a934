//! Parameters in path, query and headers.

use application::{Policy, Tenancy};
use utoipa::openapi::{
    Object, Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::Type,
};

use super::fields::Field;
use crate::http::route::{Route, Verb};

/// The names in braces, in order.
pub fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The path with its parameters as the document writes them.
pub fn documented_path(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => format!("{{{}}}", pascal(name)),
            None => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// `fromUtc` becomes `FromUtc`: path and query are documented so, and read in any case. Explicit
/// wire names with `_` stay as they are.
pub fn pascal(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !name.contains('_') => first.to_uppercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

/// Parameters of the path, then of the query where the method has no body, then headers.
pub fn of(route: &Route, fields: &[Field]) -> Vec<Parameter> {
    let find = |name: &str| fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
    let mut parameters: Vec<Parameter> = in_path(route.path)
        .map(|name| match find(name) {
            Some(field) => parameter(field, ParameterIn::Path),
            None => text(&pascal(name), ParameterIn::Path, None),
        })
        .collect();
    if matches!(route.verb, Verb::Get | Verb::Delete) {
        let in_query = fields.iter().filter(|field| !names(route, field));
        parameters.extend(in_query.map(|field| parameter(field, ParameterIn::Query)));
    }
    parameters.extend(headers(route));
    parameters
}

/// Whether the field is a parameter of the route's path.
pub fn names(route: &Route, field: &Field) -> bool {
    in_path(route.path).any(|name| name.eq_ignore_ascii_case(&field.name))
}

fn parameter(field: &Field, place: ParameterIn) -> Parameter {
    let required = field.required || place == ParameterIn::Path;
    ParameterBuilder::new()
        .name(pascal(&field.name))
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .description(field.description())
        .schema(Some(field.bare_schema()))
        .build()
}

fn text(name: &str, place: ParameterIn, description: Option<&str>) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(description)
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

fn headers(route: &Route) -> Vec<Parameter> {
    let Policy { tenancy, .. } = route.policy;
    let all = [
        (
            "Tenant",
            tenancy != Tenancy::Untenanted,
            "The organization; must agree with the one in path, query and body.",
        ),
        (
            "Consistency-Token",
            !route.is_command() && !route.reads.is_empty(),
            "The token that a command answered: waits until that change can be read.",
        ),
        (
            "Idempotency-Key",
            route.is_command() && !route.secret,
            "Makes repeating the call harmless for 24 hours; another request with the same key is refused with 422.",
        ),
        (
            "If-Match",
            matches!(route.verb, Verb::PutPatch | Verb::Delete),
            "The ETag of the version to change; refused with 412 if it is not the current one.",
        ),
        (
            "Prefer",
            route.is_command(),
            "`respond-async` answers without waiting for the read models.",
        ),
    ];
    all.into_iter()
        .filter(|(_, applies, _)| *applies)
        .map(|(name, _, description)| text(name, ParameterIn::Header, Some(description)))
        .collect()
}
