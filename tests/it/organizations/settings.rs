//! What new organizations are set to.

use acceptance::{Deployment, TestApp, on_every_deployment};
use serde_json::json;

use super::{events, founder, path, recorded};

on_every_deployment!(there_are_none_unless_a_file_says_so);

async fn there_are_none_unless_a_file_says_so(app: &TestApp) {
    let ann = founder(app).await;
    let request = app.get(&path(&ann.organization, "/settings")).by(&ann);
    let expected = json!({
        "organization": {
            "id": ann.organization, "name": "Acme", "createdById": ann.user,
            "ownership": "shared", "settings": {},
        },
        "settings": {},
    });
    assert_eq!(request.send().await.expect(200).json(), expected);
    assert!(!events(app, &ann.organization).await.contains(&"setting_created".to_owned()));
}

const FILE: &str = "Colour = \"red\"\nKey = \"a-secret-of-tenants\"\nSeats = 5\nTrial = true\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_organization_gets_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.toml");
    std::fs::write(&file, FILE).unwrap();
    for deployment in [Deployment::Sqlite, Deployment::Postgres] {
        let app = TestApp::start_with(deployment, |environment| {
            environment
                .with("GROUNDWORK_TENANT_SETTINGS", &file.display().to_string())
                .with("GROUNDWORK_TENANT_SETTINGS_ENCRYPTED", "Key")
        })
        .await;
        let ann = founder(&app).await;
        let own = domain::kernel::OrganizationId::parse(&ann.user.twin("org")).unwrap();
        let settings = json!({
            "Colour": "red", "Key": "a-secret-of-tenants", "Seats": "5", "Trial": "true",
        });
        for id in [&ann.organization, &own] {
            let shown = app.get(&path(id, "/settings")).by(&ann).send().await.expect(200).json();
            assert_eq!(shown["settings"], settings);
            assert_eq!(shown["organization"]["settings"], settings);
            let created = recorded(&app, id).await;
            assert_eq!(created[0].0, "created");
            assert!(created[1..5].iter().all(|(name, _)| name == "setting_created"));
            let seats = json!({
                "name": "Seats", "stringValue": "5", "valueType": "number", "isEncrypted": false,
            });
            assert!(created.iter().any(|(_, payload)| *payload == seats), "{created:?}");
        }
        let kept = app.log().kept().await;
        assert!(kept.contains("Colour") && !kept.contains("a-secret-of-tenants"), "{kept}");
        app.finish().await;
    }
}
