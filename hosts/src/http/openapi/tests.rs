#[cfg(feature = "testing-only")]
mod samples;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::routes;

fn of(lists: &[(&str, &[Route])]) -> Value {
    serde_json::to_value(document("BackendWithAncillaryAPI", lists)).expect("serializable")
}

fn all() -> Value {
    of(routes::ALL)
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("path item");
            item.iter().map(|(method, operation)| (path.clone(), method.clone(), operation.clone()))
        })
        .collect()
}

#[test]
fn every_documented_route_is_there_once() {
    let document = all();
    let ids: Vec<String> = operations(&document)
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().expect("id").to_owned())
        .collect();
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    let expected: usize = routes::ALL
        .iter()
        .flat_map(|(_, routes)| *routes)
        .filter(|route| is_documented(route))
        .map(|route| methods(route.verb).len())
        .sum();
    assert_eq!(ids.len(), expected);
}

#[test]
fn nothing_is_referred_to_that_is_not_there() {
    let document = all();
    let defined: BTreeSet<&String> =
        document["components"]["schemas"].as_object().expect("schemas").keys().collect();
    let referred = references(&document);
    for name in &referred {
        assert!(defined.contains(name), "{name} is not defined");
    }
    for name in defined {
        assert!(referred.contains(name), "{name} is not used");
    }
    let schemes = &document["components"]["securitySchemes"];
    for (path, _, operation) in operations(&document) {
        for alternative in operation["security"].as_array().into_iter().flatten() {
            for name in alternative.as_object().expect("requirement").keys() {
                assert!(schemes[name].is_object(), "{path} needs {name}");
            }
        }
    }
}

#[test]
fn a_name_means_one_schema() {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for route in routes::ALL.iter().flat_map(|(_, routes)| *routes) {
        let input = (route.input)();
        let output = route.output.map(|describe| describe());
        let named =
            output.map(|output| [vec![(output.name, output.schema)], output.components].concat());
        for (name, schema) in named.into_iter().flatten().chain(input.components) {
            let schema = serde_json::to_value(schema).expect("serializable");
            let before = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*before, schema, "{name}");
        }
        let body = format!("{}Request", input.name);
        assert!(!known.contains_key(&body), "{body} is an answer too");
    }
}

/// What the standard asks of each operation and what this API promises of each.
#[test]
fn every_operation_is_whole() {
    for (path, method, operation) in operations(&all()) {
        let place = format!("{method} {path}");
        for member in ["summary", "description", "operationId"] {
            assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{place}");
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for parameter in &parameters {
            let name = parameter["name"].as_str().expect("name");
            assert!(seen.insert((parameter["in"].to_string(), name)), "{place}: {name} twice");
            assert!(parameter["schema"].is_object(), "{place}: {name}");
            assert!(parameter["description"].is_string(), "{place}: {name} is not explained");
        }
        for name in parameters::in_path(&path) {
            assert!(
                parameters.iter().any(|parameter| parameter["name"] == name
                    && parameter["in"] == "path"
                    && parameter["required"] == true),
                "{place}: {name}"
            );
        }
        let responses = operation["responses"].as_object().expect("responses");
        let success = responses.keys().filter(|status| status.starts_with('2')).count();
        assert_eq!(success, 1, "{place}");
        for (status, _) in problems::REFUSALS {
            let response = &responses[&status.to_string()];
            assert!(response["content"]["application/problem+json"].is_object(), "{place}");
        }
        assert!(
            matches!(method.as_str(), "get" | "delete") || operation["requestBody"].is_object()
        );
    }
}

#[test]
fn nothing_is_nullable() {
    fn check(part: &Value) {
        match part {
            Value::Object(members) => {
                assert_ne!(members.get("type"), Some(&json!("null")), "{part}");
                assert!(
                    !members
                        .get("type")
                        .and_then(Value::as_array)
                        .is_some_and(|types| types.contains(&json!("null"))),
                    "{part}"
                );
                members.values().for_each(check);
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    check(&all()["components"]["schemas"]);
}

#[test]
fn a_command_is_documented_as_it_is_served() {
    let document = all();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["info"],
        json!({
            "title": "BackendWithAncillaryAPI",
            "description": "BackendWithAncillaryAPI",
            "version": "v1",
        })
    );
    let offline = &document["paths"]["/cars/{Id}/offline"];
    assert_eq!(offline["put"]["operationId"], "TakeCarOffline (Put)");
    assert_eq!(offline["patch"]["operationId"], "TakeCarOffline (Patch)");
    assert_eq!(offline["put"]["description"], "(request type: TakeCarOfflineRequest)");
    assert_eq!(offline["put"]["tags"], json!(["Cars"]));
    assert_eq!(offline["put"]["security"], json!([{ "Bearer": [] }, { "APIKey": [] }]));
    assert_eq!(offline["put"]["responses"].as_object().expect("responses").len(), 10);
    assert_eq!(offline["put"]["responses"]["202"]["description"], "Accepted");
    let body = &document["components"]["schemas"]["TakeCarOfflineRequest"];
    assert_eq!(body["required"], json!(["fromUtc", "toUtc"]));
    assert!(body["properties"]["id"].is_null(), "the path has it");
    let delete = &document["paths"]["/cars/{Id}"]["delete"]["responses"]["204"];
    assert!(delete["content"].is_null());
    let created = &document["paths"]["/cars"]["post"]["responses"]["201"]["content"];
    assert_eq!(created["application/xml"], created["application/json"]);
    let refused = &document["paths"]["/cars"]["post"]["responses"]["400"]["content"];
    let examples = refused["application/problem+json"]["examples"].as_object().expect("examples");
    assert!(examples.contains_key("Validation") && examples.contains_key("RuleViolation"));
}

#[test]
fn a_search_documents_its_options_as_query_parameters() {
    let document = all();
    let parameters = document["paths"]["/cars"]["get"]["parameters"].as_array().expect("some");
    let names: Vec<&str> =
        parameters.iter().map(|parameter| parameter["name"].as_str().expect("name")).collect();
    for name in ["Limit", "Offset", "Sort", "Filter", "Embed", "OrganizationId"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

#[test]
fn a_route_adds_and_rewords_responses() {
    const ROUTES: &[Route] = &[
        crate::http::route::get::<application::cars::queries::GetCar>("/cars/{id}")
            .responding(&[(409, "other words"), (419, "a special response")]),
        crate::http::route::get::<application::cars::queries::SearchCars>("/cars").undocumented(),
    ];
    let document = of(&[("Cars", ROUTES)]);
    let responses = document["paths"]["/cars/{Id}"]["get"]["responses"].clone();
    assert_eq!(responses.as_object().expect("responses").len(), 11);
    assert_eq!(responses["409"]["description"], "other words");
    assert_eq!(responses["419"]["description"], "a special response");
    assert!(document["paths"]["/cars"].is_null());
}

/// The document of a shipped build is kept in the repository, so that changes of the API are seen
/// in reviews. `UPDATE_OPENAPI=1 cargo test -p hosts` writes it anew.
#[test]
fn the_kept_document_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let shipped: Vec<(&str, Vec<Route>)> = routes::ALL
        .iter()
        .map(|(tag, routes)| (*tag, routes.iter().copied().filter(is_shipped).collect()))
        .collect();
    let lists: Vec<(&str, &[Route])> =
        shipped.iter().map(|(tag, routes)| (*tag, routes.as_slice())).collect();
    let current = document("BackendWithAncillaryAPI", &lists).to_pretty_json().expect("JSON");
    let current = current + "\n";
    #[expect(clippy::disallowed_methods, reason = "a test is no host and has no settings")]
    if std::env::var("UPDATE_OPENAPI").is_ok() {
        std::fs::write(&path, &current).expect("writable");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == current, "docs/openapi.json is old: run with UPDATE_OPENAPI=1");
}

/// Whether the route is also in builds without the feature `testing-only`.
fn is_shipped(route: &Route) -> bool {
    !route.name.starts_with("testing_only.") && route.name != "cars.search_unavailabilities"
}
