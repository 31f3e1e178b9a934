//! How refusals are documented.

use serde_json::{Value, json};
use utoipa::openapi::{
    Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
    example::ExampleBuilder,
    schema::{ArrayBuilder, SchemaType, Type},
};

/// The name of the problem's schema in the components.
pub const PROBLEM: &str = "Problem";

/// What every endpoint may refuse with: status and description.
pub const REFUSALS: &[(u16, &str)] = &[
    (400, "Bad Request: The request is invalid, or breaks a rule"),
    (401, "Unauthorized: The caller proved no identity, or one that is not valid"),
    (402, "Payment Required: The plan of the caller does not include this"),
    (403, "Forbidden: The caller may not do this, or is not a member of the organization"),
    (404, "Not Found: There is nothing with this id"),
    (405, "Method Not Allowed: The present state does not allow this"),
    (409, "Conflict: It exists already, or was changed by somebody else at the same time"),
    (423, "Locked: It is locked for now"),
    (500, "Internal Server Error: Something unexpected happened"),
];

/// A refusal with its body.
pub fn response(status: u16, description: &str) -> Response {
    let content = || if status == 400 { with_examples() } else { problem() };
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content())
        .content("application/problem+xml", problem())
        .build()
}

fn problem() -> Content {
    Content::new(Some(Ref::from_schema_name(PROBLEM)))
}

fn with_examples() -> Content {
    let validation = json!({
        "type": "https://datatracker.ietf.org/doc/html/rfc9110#section-15.5",
        "title": "Bad Request",
        "status": 400,
        "detail": "'Number Plate' must not be empty.",
        "instance": "https://localhost:5001/cars",
        "errors": [{ "reason": "'Number Plate' must not be empty.", "rule": "NotEmptyValidator" }],
    });
    let rule = json!({
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "Bad Request",
        "status": 400,
        "detail": "The description of the rule that was broken",
    });
    let example = |value: Value| ExampleBuilder::new().value(Some(value)).build();
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(PROBLEM)))
        .examples_from_iter([("Validation", example(validation)), ("RuleViolation", example(rule))])
        .build()
}

/// The schema of every refusal (RFC 9457).
pub fn schema() -> RefOr<Schema> {
    let field = |kind: Type, description: &str| {
        ObjectBuilder::new().schema_type(SchemaType::Type(kind)).description(Some(description))
    };
    let anything = ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some("What was sent; absent for nothing and for secrets."));
    let failure = ObjectBuilder::new()
        .property("reason", field(Type::String, "What is wrong."))
        .required("reason")
        .property("rule", field(Type::String, "The code of the rule that failed."))
        .required("rule")
        .property("value", anything);
    let failures = ArrayBuilder::new()
        .items(failure)
        .description(Some("Every field that failed its validation, in the order of the rules."));
    ObjectBuilder::new()
        .description(Some("Why a request was refused (RFC 9457)."))
        .property("type", field(Type::String, "Where this status is described."))
        .property("title", field(Type::String, "A short name of the refusal."))
        .required("title")
        .property("status", field(Type::Integer, "The HTTP status."))
        .required("status")
        .property("detail", field(Type::String, "What is wrong in this case."))
        .property("instance", field(Type::String, "The URL that was called."))
        .property("code", field(Type::String, "A stable name that programs may compare with."))
        .property("errors", failures)
        .into()
}
