//! What the sample endpoints of testing builds prove of the document.

use serde_json::{Value, json};

use crate::{http::openapi::document, routes};

fn operation(path: &str, method: &str) -> Value {
    let document = document("BackendWithAncillaryAPI", routes::ALL);
    let document = serde_json::to_value(document).expect("serializable");
    document["paths"][path][method].clone()
}

fn described(parameters: &Value) -> Value {
    let parameters = parameters.as_array().expect("parameters");
    parameters
        .iter()
        .map(|parameter| {
            json!([parameter["name"], parameter["description"], parameter["required"]])
        })
        .collect()
}

#[test]
fn a_query_documents_its_parameters_in_order() {
    let get = operation("/testingonly/openapi/{Id}", "get");
    assert_eq!(get["operationId"], "OpenApiGetTestingOnly");
    assert_eq!(
        get["summary"],
        "Tests OpenAPI swagger for GET requests This includes multiple lines explaining things"
    );
    assert_eq!(
        described(&get["parameters"]),
        json!([
            ["Id", "anid", true],
            ["OptionalField", "anoptionalfield", false],
            ["RequiredField", "arequiredfield", true]
        ])
    );
    assert_eq!(get["responses"].as_object().expect("responses").len(), 10);
    assert!(get["security"].is_null());
}

#[test]
fn commands_document_their_own_responses() {
    let post = operation("/testingonly/openapi/{Id}", "post");
    assert_eq!(post["responses"].as_object().expect("responses").len(), 11);
    assert_eq!(
        post["responses"]["409"]["description"],
        "a custom conflict response which spills over to the next line"
    );
    assert_eq!(post["responses"]["419"]["description"], "a special response");
    assert_eq!(post["responses"]["201"]["description"], "Created");
    for (method, id) in
        [("put", "OpenApiPutTestingOnly (Put)"), ("patch", "OpenApiPutTestingOnly (Patch)")]
    {
        let put = operation("/testingonly/openapi/{Id}", method);
        assert_eq!(put["operationId"], id);
        assert_eq!(put["responses"].as_object().expect("responses").len(), 11);
        assert_eq!(put["responses"]["409"]["description"], "a custom conflict response");
    }
}

#[test]
fn forms_document_their_fields_where_they_are_used() {
    let form = operation("/testingonly/openapi/{Id}/form-data", "post");
    let schema = &form["requestBody"]["content"]["multipart/form-data"]["schema"];
    assert_eq!(schema["required"], json!(["requiredField", "files"]));
    assert_eq!(schema["properties"]["files"]["items"]["format"], "binary");
    assert_eq!(schema["properties"].as_object().expect("properties").len(), 3);
    let encoded = operation("/testingonly/openapi/{Id}/urlencoded", "post");
    let schema = &encoded["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    assert_eq!(schema["required"], json!(["requiredField"]));
    assert_eq!(schema["properties"].as_object().expect("properties").len(), 2);
}

#[test]
fn answers_say_which_members_are_always_there() {
    let document = document("BackendWithAncillaryAPI", routes::ALL);
    let document = serde_json::to_value(document).expect("serializable");
    let answer = &document["components"]["schemas"]["OpenApiTestingOnlyResponse"];
    assert_eq!(
        answer["required"],
        json!([
            "anAnnotatedRequiredField",
            "anInitializedField",
            "aRequiredField",
            "aValueTypeField",
            "message"
        ])
    );
    assert!(document["components"]["schemas"]["OpenApiResponseObject"].is_object());
}

#[test]
fn security_follows_the_access_of_the_route() {
    assert!(operation("/testingonly/security/none", "get")["security"].is_null());
    assert_eq!(
        operation("/testingonly/authn/token/get", "get")["security"],
        json!([{ "Bearer": [] }, { "APIKey": [] }])
    );
    assert_eq!(
        operation("/testingonly/authn/hmac/get", "get")["security"],
        json!([{ "HMAC": [] }])
    );
    assert!(operation("/testingonly/authn/interhost/get", "get").is_null());
}

#[test]
fn bytes_are_documented_as_bytes() {
    let download = operation("/testingonly/download", "get");
    let content = &download["responses"]["200"]["content"];
    assert_eq!(content["application/octet-stream"]["schema"]["format"], "binary");
}
