//! The documentation says what the product does.

use std::collections::BTreeSet;

use acceptance::{Deployment, TestApp, run};
use hosts::{http::route::Verb, routes};
use serde_json::Value;

/// Paths and methods of the document, parameters unnamed: names are a matter of taste.
fn documented(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys().filter(|key| *key != "parameters");
        methods.map(move |method| (shape(path), method.clone()))
    });
    operations.collect()
}

fn shape(path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/").to_ascii_lowercase()
}

async fn document(app: &TestApp) -> Value {
    app.get("/swagger/v1/swagger.json").send().await.expect(200).json()
}

#[test]
fn every_route_is_documented_and_nothing_else() {
    run(Deployment::Sqlite, async |app| {
        let routes = routes::ALL.iter().flat_map(|(_, list)| list.iter());
        let mut expected = BTreeSet::new();
        for route in routes.filter(|route| route.documented) {
            let methods: &[&str] = match route.verb {
                Verb::Get => &["get"],
                Verb::Post => &["post"],
                Verb::PutPatch => &["put", "patch"],
                Verb::Delete => &["delete"],
            };
            expected.extend(methods.iter().map(|method| (shape(route.path), (*method).to_owned())));
        }
        let found = documented(&document(app).await);
        assert_eq!(expected.difference(&found).collect::<Vec<_>>(), Vec::<&_>::new());
        // Probes are pages, not routes; whatever else there is must be one of them.
        let others: Vec<_> = found.difference(&expected).collect();
        assert!(others.iter().all(|(path, _)| path.starts_with("/health")), "{others:?}");
    });
}

#[test]
fn every_operation_says_how_it_is_called_and_answered() {
    run(Deployment::Sqlite, async |app| {
        let document = document(app).await;
        assert!(
            document["openapi"].as_str().unwrap().starts_with("3.1"),
            "{}",
            document["openapi"]
        );
        let schemes = document["components"]["securitySchemes"].as_object().unwrap();
        assert!(schemes.contains_key("Bearer") && schemes.contains_key("APIKey"), "{schemes:?}");
        let mut ids = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
                let responses = operation["responses"].as_object().unwrap();
                let success = responses.keys().any(|status| status.starts_with(['2', '3']));
                assert!(success, "{method} {path}: {responses:?}");
            }
        }
        for (reference, at) in references(&document) {
            let found = document.pointer(reference.trim_start_matches('#'));
            assert!(found.is_some(), "{reference} at {at} leads nowhere");
        }
    });
}

/// The page works without anything from elsewhere.
#[test]
fn the_page_is_served_with_all_that_it_needs() {
    run(Deployment::Sqlite, async |app| {
        let root = app.get("/").send().await;
        let page = if root.status.is_redirection() {
            app.get(root.header("location")).send().await.expect(200)
        } else {
            root.expect(200)
        };
        let text = page.text();
        assert!(text.contains("id=\"swagger-ui\""), "{text}");
        assert!(!text.contains("//cdn") && !text.contains("src=\"http"), "{text}");
        for (attribute, rest) in [("src=\"", "\""), ("href=\"", "\"")] {
            for part in text.split(attribute).skip(1) {
                let asset = part.split(rest).next().unwrap();
                if asset.starts_with("data:") || asset.starts_with('#') {
                    continue;
                }
                let path = format!("/{}", asset.trim_start_matches("./").trim_start_matches('/'));
                let _ = app.get(&path).send().await.expect(200);
            }
        }
    });
}

/// Every `$ref` with the place where it stands.
fn references(value: &Value) -> Vec<(String, String)> {
    fn walk(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(reference) if name == "$ref" => {
                            found.push((reference.clone(), at.to_owned()));
                        }
                        _ => walk(member, &format!("{at}/{name}"), found),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{at}/{index}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = vec![];
    walk(value, "", &mut found);
    found
}
