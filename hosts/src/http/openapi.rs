//! The `OpenAPI` 3.1 document, derived from the route lists.

mod fields;
mod parameters;
mod problems;
mod tidy;

use std::collections::BTreeMap;

use application::Access;
use serde_json::Value;
use utoipa::openapi::{
    Components, Content, HttpMethod, Info, InfoBuilder, Object, ObjectBuilder, OpenApi,
    OpenApiBuilder, Paths, Ref, RefOr, Required, Response, Schema, Tag,
    header::HeaderBuilder,
    path::{Operation, OperationBuilder},
    request_body::{RequestBody, RequestBodyBuilder},
    response::ResponseBuilder,
    schema::{ArrayBuilder, KnownFormat, SchemaFormat, Type},
    security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
};

use super::route::{Described, Encoding, Route, Verb};

/// Where the document is served.
pub const PATH: &str = "/swagger/v1/swagger.json";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Documents every route of the lists, each under its list's tag; routes between hosts and
/// undocumented ones are left out.
#[must_use]
pub fn document(title: &str, lists: &[(&str, &[Route])]) -> OpenApi {
    let mut known = Schemas::from([(problems::PROBLEM.to_owned(), problems::schema())]);
    let mut paths = Paths::new();
    for (tag, routes) in lists {
        for route in routes.iter().filter(|route| is_documented(route)) {
            for (method, suffix) in methods(route.verb) {
                let operation = operation(tag, route, suffix, &mut known);
                let path = parameters::documented_path(route.path);
                paths.add_path_operation(path, vec![method.clone()], operation);
            }
        }
    }
    known.values_mut().for_each(tidy::without_null);
    let tags = lists.iter().filter(|(_, routes)| routes.iter().any(is_documented));
    let mut components = security_schemes();
    components.schemas = needed(&paths, known).into_iter().collect();
    OpenApiBuilder::new()
        .info(info(title))
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags.map(|(tag, _)| Tag::new(tag)).collect::<Vec<_>>()))
        .build()
}

fn info(title: &str) -> Info {
    InfoBuilder::new().title(title).description(Some(title)).version("v1").build()
}

fn is_documented(route: &Route) -> bool {
    route.documented && route.policy.access != Access::InterHost
}

fn methods(verb: Verb) -> &'static [(HttpMethod, &'static str)] {
    match verb {
        Verb::Get => &[(HttpMethod::Get, "")],
        Verb::Post => &[(HttpMethod::Post, "")],
        Verb::PutPatch => &[(HttpMethod::Put, " (Put)"), (HttpMethod::Patch, " (Patch)")],
        Verb::Delete => &[(HttpMethod::Delete, "")],
    }
}

fn operation(tag: &str, route: &Route, suffix: &str, known: &mut Schemas) -> Operation {
    let input = (route.input)();
    let mut all = fields::of(&input);
    for field in &mut all {
        tidy::without_null(&mut field.schema);
    }
    let operation = OperationBuilder::new()
        .tag(tag)
        .operation_id(Some(format!("{}{suffix}", input.name)))
        .summary(fields::description(&input.schema).map(|text| text.replace('\n', " ")))
        .description(Some(format!("(request type: {}Request)", input.name)))
        .parameters(Some(parameters::of(route, &all)))
        .request_body(body(route, &input.name, all, known))
        .securities(securities(route.policy.access));
    known.extend(input.components);
    responses(operation, route, known).build()
}

fn securities(access: Access) -> Option<Vec<SecurityRequirement>> {
    let scheme = |name: &str| SecurityRequirement::new(name, [] as [&str; 0]);
    match access {
        Access::Anonymous | Access::InterHost => None,
        Access::Token => Some(vec![scheme("Bearer"), scheme("APIKey")]),
        Access::HmacOrToken => Some(vec![scheme("HMAC"), scheme("Bearer"), scheme("APIKey")]),
        Access::Hmac => Some(vec![scheme("HMAC")]),
    }
}

fn security_schemes() -> Components {
    let mut components = Components::new();
    let bearer = "A JSON Web Token, after the word `Bearer` and a space.";
    let signature = "`sha256=` and the lower-case hex of the HMAC-SHA256 of the body.";
    for (name, scheme) in [
        ("Bearer", ApiKey::Header(ApiKeyValue::with_description("Authorization", bearer))),
        ("APIKey", ApiKey::Query(ApiKeyValue::with_description("apikey", "An API key."))),
        ("HMAC", ApiKey::Header(ApiKeyValue::with_description("X-HMAC-Signature", signature))),
    ] {
        components.add_security_scheme(name, SecurityScheme::ApiKey(scheme));
    }
    components
}

/// The body of commands that have one: their fields without those of the path.
fn body(
    route: &Route,
    name: &str,
    mut all: Vec<fields::Field>,
    known: &mut Schemas,
) -> Option<RequestBody> {
    if matches!(route.verb, Verb::Get | Verb::Delete) {
        return None;
    }
    all.retain(|field| !parameters::names(route, field));
    let mut object = fields::object(all);
    let media_type = match route.encoding {
        Encoding::Json => "application/json",
        Encoding::UrlEncoded => "application/x-www-form-urlencoded",
        Encoding::Multipart => {
            object.properties.insert("files".into(), files());
            object.required.push("files".into());
            "multipart/form-data"
        }
    };
    let needed = if object.required.is_empty() { Required::False } else { Required::True };
    let content = if route.encoding == Encoding::Json {
        let name = format!("{name}Request");
        known.insert(name.clone(), object.into());
        Content::new(Some(Ref::from_schema_name(name)))
    } else {
        Content::new(Some(object))
    };
    Some(RequestBodyBuilder::new().content(media_type, content).required(Some(needed)).build())
}

fn files() -> RefOr<Schema> {
    ArrayBuilder::new().items(binary()).description(Some("The first one counts.")).into()
}

fn binary() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

fn responses(
    mut operation: OperationBuilder,
    route: &Route,
    known: &mut Schemas,
) -> OperationBuilder {
    let (status, reason) = success(route);
    let mut all = BTreeMap::from([(status, succeeded(route, reason, known))]);
    for (status, description) in problems::REFUSALS.iter().chain(route.responses) {
        let response = match status {
            300..400 => Response::new(*description),
            _ => problems::response(*status, description),
        };
        all.insert(*status, response);
    }
    for (status, response) in all {
        operation = operation.response(status.to_string(), response);
    }
    operation
}

/// The status of a success, as the pipeline answers it.
fn success(route: &Route) -> (u16, &'static str) {
    match route.verb {
        Verb::Post if route.location.is_some() => (201, "Created"),
        _ if route.ok => (200, "OK"),
        Verb::Get | Verb::Post => (200, "OK"),
        Verb::Delete if route.output.is_none() => (204, "No Content"),
        Verb::PutPatch | Verb::Delete => (202, "Accepted"),
    }
}

fn succeeded(route: &Route, reason: &str, known: &mut Schemas) -> Response {
    let mut response = ResponseBuilder::new().description(reason);
    for (name, applies, text) in [
        ("Location", route.location.is_some(), "Where the new resource is."),
        (
            "Consistency-Token",
            route.is_command() && !route.guarded,
            "Names this change for later queries.",
        ),
        (
            "ETag",
            !route.guarded && (!route.reads.is_empty() || route.is_command()),
            "The version, if it has one.",
        ),
    ] {
        if applies {
            let header = HeaderBuilder::new()
                .schema(Some(Object::with_type(Type::String)))
                .description(Some(text));
            response = response.header(name, header.build());
        }
    }
    let Some(describe) = route.output else {
        return match route.verb {
            Verb::Get => response.content("application/octet-stream", Content::new(Some(binary()))),
            _ => response,
        }
        .build();
    };
    let Described { name, schema, components } = describe();
    let content = || Content::new(Some(Ref::from_schema_name(&name)));
    response =
        response.content("application/json", content()).content("application/xml", content());
    known.extend(components);
    known.insert(name, schema);
    response.build()
}

/// The schemas that the paths refer to, and those that these refer to.
fn needed(paths: &Paths, mut known: Schemas) -> Schemas {
    let mut needed = Schemas::new();
    let mut open = references(&serde_json::to_value(paths).unwrap_or_default());
    while let Some(name) = open.pop() {
        if let Some(schema) = known.remove(&name) {
            open.extend(references(&serde_json::to_value(&schema).unwrap_or_default()));
            needed.insert(name, schema);
        }
    }
    needed
}

/// The names of all schemas that a part of the document refers to.
fn references(part: &Value) -> Vec<String> {
    match part {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|text| text.strip_prefix("#/components/schemas/"));
            members.values().flat_map(references).chain(own.map(str::to_owned)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests;
